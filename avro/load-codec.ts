/**
 * Makes the codec of a process from what the registry holds.
 * @module
 */
import type { Type } from 'avsc'
import { FatalError } from '../core/index.ts'
import { type Codec, createCodec, isSameOnWire, recordTypes } from './codec.ts'
import { mapLimited } from './concurrency.ts'
import type { RegisteredSchema, RegistryClient } from './registry.ts'
import { type Changelog, type Subject, subjectsOf } from './subjects.ts'
import type { RecordName } from './types.generated.ts'

/** Subjects read at a time: 60 subjects take well below a second without pressing the registry. */
const subjectsAtOnceMax = 8

/** Versions of a subject read ahead; older ones are learnt when a record needs them. */
const versionsMax = 32

export type LoadCodecOptions = {
  readonly registry: RegistryClient
  /** Changelogs whose values are written; records of others can be decoded only. */
  readonly changelogs?: readonly Changelog[]
}

type LoadedSubject = { readonly subject: Subject; readonly versions: readonly RegisteredSchema[] }

/**
 * A codec with the id of every record and all registered versions at hand: it works on while the
 * registry is down. A record is written with the newest version equal to this program's schema,
 * so programs of two releases can run side by side.
 * FatalError(HAIL_SCHEMA_INCOMPATIBLE) when a subject lacks this program's schema;
 * RetryError(HAIL_REGISTRY) on an outage.
 */
export async function loadCodec({ registry, changelogs = [] }: LoadCodecOptions): Promise<Codec> {
  const loaded = await mapLimited(subjectsOf(changelogs), subjectsAtOnceMax, async (subject) => {
    return { subject, versions: await readVersions(registry, subject.name) }
  })
  const writers = new Map<number, Type>()
  for (const { versions } of loaded) {
    for (const { id, type } of versions) writers.set(id, type)
  }
  return createCodec({ ids: findIds(loaded), writers, fetchWriter: (id) => registry.byId(id) })
}

/** Versions of a subject, newest first. */
async function readVersions(registry: RegistryClient, subject: string) {
  const latest = await registry.latest(subject)
  if (latest === null) return []
  const older: RegisteredSchema[] = []
  for (let version = 1; version <= versionsMax; version += 1) {
    const id = await registry.idOfVersion(subject, version)
    if (id === null || id === latest.id) break
    older.unshift({ id, type: await registry.byId(id) })
  }
  return [latest, ...older]
}

function findIds(loaded: readonly LoadedSubject[]): Map<RecordName, number> {
  const ids = new Map<RecordName, number>()
  const missing: string[] = []
  for (const { subject, versions } of loaded) {
    const own = recordTypes.get(subject.record) as Type
    const version = versions.find(({ type }) => isSameOnWire(own, type))
    if (version === undefined) missing.push(subject.name)
    else ids.set(subject.record, ids.get(subject.record) ?? version.id)
  }
  if (missing.length === 0) return ids
  const message = `the registry lacks the schemas of ${missing.join(', ')}; run \`make setup\``
  throw new FatalError('HAIL_SCHEMA_INCOMPATIBLE', message)
}
