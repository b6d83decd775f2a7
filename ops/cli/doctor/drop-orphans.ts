/**
 * @module Deleting what no sub-topology of this version names. What another deployment still uses is
 * left: its group has members.
 */
import type { KafkaAdmin } from '../../../core/kafka/index.ts'
import type { Redis } from '../../../core/redis/index.ts'
import type { Orphans } from './orphans.ts'

export interface DropOptions {
  readonly admin: Pick<KafkaAdmin, 'deleteTopics' | 'deleteGroup' | 'groupMembers' | 'listGroups'>
  readonly redis: Pick<Redis, 'del'>
  readonly orphans: Orphans
  /** One name, or null for all of them. */
  readonly only: string | null
}

export interface Dropped extends Orphans {
  /** Names left alone, as their group has members. */
  readonly inUse: readonly string[]
}

const keysPerCall = 500

/** What would be dropped: what is asked for, less what is in use. */
export async function chooseOrphans(options: Omit<DropOptions, 'redis'>): Promise<Dropped> {
  const live = await liveApplications(options.admin)
  const isInUse = (name: string): boolean => live.some((id) => belongsTo(name, id))
  const { orphans, only } = options
  const wanted = (names: readonly string[]): string[] =>
    names.filter((name) => only === null || name === only)
  const all = [orphans.topics, orphans.groups, orphans.keys].map(wanted)
  const [topics = [], groups = [], keys = []] = all.map((names) =>
    names.filter((name) => !isInUse(name))
  )
  return { topics, groups, keys, inUse: all.flat().filter(isInUse) }
}

/** Deletes them. Topics first: a group or key without its topic is found again, not the reverse. */
export async function dropOrphans(options: DropOptions): Promise<Dropped> {
  const { admin, redis } = options
  const dropped = await chooseOrphans(options)
  if (dropped.topics.length > 0) await admin.deleteTopics(dropped.topics)
  for (const group of dropped.groups) await admin.deleteGroup(group)
  for (let i = 0; i < dropped.keys.length; i += keysPerCall) {
    await redis.del(dropped.keys.slice(i, i + keysPerCall))
  }
  return dropped
}

/** Ids (`<app>-<sub>`) of the sub-topologies that somebody runs, of whatever version. */
async function liveApplications(
  admin: Pick<KafkaAdmin, 'listGroups' | 'groupMembers'>
): Promise<string[]> {
  const ids: string[] = []
  for (const group of await admin.listGroups()) {
    if (!group.startsWith('hs-')) continue
    if ((await admin.groupMembers(group)).length > 0) ids.push(group.slice('hs-'.length))
  }
  return ids
}

/** Whether a topic, group or key is of the sub-topology; its application may share a repartition topic. */
function belongsTo(name: string, id: string): boolean {
  if (name.endsWith('-repartition')) return name.split('-', 1)[0] === id.split('-', 1)[0]
  return name === `hs-${id}` || name.startsWith(`${id}-`) || name.startsWith(`hs:{${id}-`)
}
