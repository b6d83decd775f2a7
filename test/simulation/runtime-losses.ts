/**
 * @module What the simulated servers lose: the backend forgets writes, the broker compacts changelogs
 * and deletes what has expired in them.
 */
import { decodeMetadata, segmentStart } from '../../streams/runtime/index.ts'
import type { Dice } from './dice.ts'
import { changelogOf, positionsOf } from './runtime-positions.ts'
import { closesAfterMs } from './runtime-workload.ts'
import type { World } from './runtime-world.ts'

/** Stands for delete.retention.ms of the changelogs; twice what the runtime trusts. */
const tombstoneMs = 120_000
export const trustedAgeMs = tombstoneMs / 2
/** How long records of a closed segment stay in the changelog of a store that drops segments whole. */
const retentionMs = 20_000
const snapshotsMax = 3
const droppedWhole = 'slots'

export interface Losses {
  /** Remembers what the backend holds, to come back to it soon (a failover) or any time later. */
  beforeWork(): void
  takeSnapshot(): void
  rollBack(): Promise<void>
  failOver(): Promise<void>
  wipe(): Promise<void>
  compact(): void
  expire(): Promise<void>
}

export function createLosses(world: World, dice: Dice): Losses {
  const { state, bites } = world
  const recent: (() => void)[] = []
  const snapshots: (() => void)[] = []
  /** A bite when it moved a position. */
  const lose = async (name: string, change: (() => void) | undefined): Promise<void> => {
    const before = await positionsOf(world)
    change?.()
    const after = await positionsOf(world)
    if (after.some(({ position }, i) => position !== before[i]?.position)) bites.add(name)
  }
  return {
    beforeWork() {
      recent.push(state.remember())
      if (recent.length > snapshotsMax) recent.shift()
    },
    takeSnapshot() {
      snapshots.push(state.remember())
      if (snapshots.length > snapshotsMax) snapshots.splice(dice.below(snapshots.length), 1)
    },
    rollBack: () => lose('redis-rolled-back', dice.pick(snapshots)),
    failOver: () => lose('redis-failed-over', dice.pick(recent)),
    wipe: () => lose('redis-wiped', () => state.flush()),
    compact: () => compact(world, dice),
    expire: () => expire(world, dice.below(world.slots.length))
  }
}

function compact(world: World, dice: Dice): void {
  const { log, bites, topology } = world
  const store = dice.pick(Object.keys(topology.stores)) ?? ''
  const partition = dice.below(world.slots.length)
  const topic = changelogOf(world, store)
  // A restore ends within delete.retention.ms: what one that is under way may have read keeps its tombstone.
  const gone = log.compact(topic, partition, world.acquiringSinceMs() - tombstoneMs)
  if (gone.records > 0) bites.add('compaction')
  if (gone.tombstones > 0) bites.add('tombstones-gone')
}

/** Deletes the head of a changelog whose segments have all closed some time ago. */
async function expire(world: World, partition: number): Promise<void> {
  const { log, topology, bites } = world
  const topic = changelogOf(world, droppedWhole)
  const committed = await log.admin.committed(topology.group, topology.sources)
  const { taskMs, streamMs } = decodeMetadata(
    committed.get(`${topology.lead}:${partition}`)?.metadata ?? ''
  )
  const untilMs = Math.max(taskMs, streamMs) - closesAfterMs - retentionMs
  const records = log.uncommittedFrom(topic, partition, 0n)
  const live = records.find(({ key }) => segmentStart(String(key)) > untilMs)
  const start = live?.offset ?? log.end(topic, partition)
  if (records.length > 0 && log.truncate(topic, partition, start)) bites.add('segments-expired')
}
