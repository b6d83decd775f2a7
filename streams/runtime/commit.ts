/**
 * @module The commit of a task:
 *
 * 1. `txn.begin`
 * 2. outputs and changelog records (last value of each dirty key), in one produce request
 * 3. offsets of the inputs; the lead topic's carry the stores' positions as metadata
 * 4. `txn.end`
 * 5. store apply, by compare-and-set on the changelog position
 *
 * The store is written only after the commit, so nothing uncommitted ever reaches it and nothing
 * has to be wiped after a crash. An error in 1-4 leaves the outcome unknown: the task is dropped
 * and learns it from the committed offsets.
 */
import { changelogTopic } from '../../avro/index.ts'
import { CorruptError } from '../../core/index.ts'
import type { Appended, OutRecord, Transaction } from '../../core/kafka/index.ts'
import { encodeMetadata } from './offset-metadata.ts'
import { type RunningTask, surprise } from './running-task.ts'
import { storeChange } from './store-change.ts'
import type { DirtyStore } from './task-state.ts'

/**
 * @param isRevoked asked before the transaction begins; then nothing is committed
 * @returns true when there was something to commit
 * @throws MigrateError when fenced, CorruptError when the outcome is unknown or the store has moved
 */
export async function commitTask(task: RunningTask, isRevoked: () => boolean): Promise<boolean> {
  const { deps, context, state } = task
  const dirty = state.dirty()
  const offsets = movedOffsets(task)
  if (dirty.length === 0 && !context.hasOutputs && offsets.size === 0) {
    // What was only read still counts against the cache's bound.
    state.settle(new Map())
    return false
  }
  if (isRevoked())
    throw new CorruptError('HAIL_POSITION', `${task.name} was revoked before its commit`)
  const startedMs = deps.clock.monotonic()
  const { outputs, counts, operators, deadLetters } = context.drain()
  const records = changelogRecords(task, dirty)
  const { faults } = deps.settings
  const atPoint = { outputs: outputs.length }
  let transaction = await task.producer.begin(deps.topology.group)
  await deps.failpoints('txn.after-begin', atPoint)
  const appended = await sendAll(transaction, outputs, records)
  if (faults.withoutTransactions) {
    await transaction.commit()
    transaction = await task.producer.begin(deps.topology.group)
  }
  await deps.failpoints('txn.after-outputs', atPoint)
  const positions = positionsAfter(task, dirty, appended)
  if (faults.applyBeforeCommit) await apply(task, dirty, positions)
  await sendOffsets(task, transaction, positions)
  await deps.failpoints('txn.after-offsets', atPoint)
  await transaction.commit()
  await deps.failpoints('txn.after-end', atPoint)
  if (!faults.applyBeforeCommit) await apply(task, dirty, positions)
  state.settle(positions)
  for (const [topic, offset] of task.inputs.processedOffsets())
    task.committedOffsets.set(topic, offset)
  deps.metrics.committed(deps.topology, {
    partition: deps.partition,
    durationMs: deps.clock.monotonic() - startedMs,
    outputs: outputs.length,
    changelog: records.length,
    deadLetters,
    counts,
    operators,
    inputs: task.tally.take(),
    caches: state.caches.map((cache) => ({ store: cache.name, ...cache.takeCounts() }))
  })
  return true
}

function movedOffsets(task: RunningTask): Map<string, bigint> {
  const moved = new Map<string, bigint>()
  for (const [topic, offset] of task.inputs.processedOffsets()) {
    if (task.committedOffsets.get(topic) !== offset) moved.set(topic, offset)
  }
  return moved
}

function changelogRecords(task: RunningTask, dirty: readonly DirtyStore[]): OutRecord[] {
  const { topology, partition } = task.deps
  const timestampMs = task.deps.clock.now()
  const records: OutRecord[] = []
  for (const { store, entries } of dirty) {
    const topic = changelogTopic({ app: topology.app, sub: topology.name, store })
    for (const [key, value] of entries) {
      // Old events make new changelog records: retention counts from the write.
      records.push({ topic, partition, key, value, timestampMs })
    }
  }
  return records
}

async function sendAll(
  transaction: Transaction,
  outputs: readonly OutRecord[],
  changelog: readonly OutRecord[]
): Promise<ReadonlyMap<string, Appended>> {
  const all = [...outputs, ...changelog]
  return all.length === 0 ? new Map() : transaction.send(all)
}

/** Positions of all stores once the dirty ones' changelog records are in. */
function positionsAfter(
  task: RunningTask,
  dirty: readonly DirtyStore[],
  appended: ReadonlyMap<string, Appended>
): Map<string, bigint> {
  const { topology, partition } = task.deps
  const positions = new Map(task.state.caches.map(({ name, position }) => [name, position]))
  for (const { store, entries } of dirty) {
    if (entries.length === 0) continue
    const topic = changelogTopic({ app: topology.app, sub: topology.name, store })
    const at = appended.get(`${topic}:${partition}`)
    if (at === undefined) {
      throw new CorruptError(
        'HAIL_UNKNOWN_OUTCOME',
        `${task.name} ${store}: expected the offsets of its changelog records, got none`
      )
    }
    positions.set(store, at.last + 1n)
  }
  return positions
}

async function sendOffsets(
  task: RunningTask,
  transaction: Transaction,
  positions: ReadonlyMap<string, bigint>
): Promise<void> {
  const { topology, partition } = task.deps
  const metadata = encodeMetadata({
    stores: positions,
    taskMs: task.time.taskMs,
    streamMs: task.time.streamMs
  })
  const processed = task.inputs.processedOffsets()
  const moved = movedOffsets(task)
  moved.set(topology.lead, processed.get(topology.lead) ?? 0n)
  await transaction.sendOffsets({
    groupId: topology.group,
    offsets: [...moved].map(([topic, offset]) => ({
      topic,
      partition,
      offset,
      metadata: topic === topology.lead ? metadata : ''
    }))
  })
}

async function apply(
  task: RunningTask,
  dirty: readonly DirtyStore[],
  positions: ReadonlyMap<string, bigint>
): Promise<void> {
  if (dirty.length === 0) return
  const { deps, state } = task
  const changes = dirty.map(({ store, entries, drops }) => {
    const cache = state.cache(store)
    return storeChange(cache.store, deps.codec, {
      name: store,
      from: cache.position,
      to: positions.get(store) ?? 0n,
      entries,
      drops,
      decoded: (key) => cache.find(key)?.value
    })
  })
  await deps.failpoints('store.before-apply')
  const applying = deps.backend.apply(task.name, changes, deps.clock.now())
  // Its error is seen below; while a crash point waits it may come before anybody listens.
  applying.catch(() => undefined)
  await deps.failpoints('store.mid-apply')
  const result = await applying
  await deps.failpoints('store.after-apply')
  if (!result.applied) {
    throw surprise(task.name, result.store, state.position(result.store), result.position)
  }
}
