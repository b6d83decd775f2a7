/**
 * @module Open transactions, whose they are and how old, and partitions in which one holds readers
 * back although no coordinator knows it any more.
 */
import type { Clock } from '../../../core/index.ts'
import type {
  KafkaAdmin,
  PartitionOffsets,
  TopicPartition,
  TransactionDescription
} from '../../../core/kafka/index.ts'
import type { SubTopology } from '../../../streams/runtime/index.ts'
import type { Finding } from './finding.ts'

/** States in which a transaction holds readers of committed records back. */
export const openStates = ['Ongoing', 'PrepareCommit', 'PrepareAbort', 'PrepareEpochFence']

export interface OpenTransaction {
  readonly transactionalId: string
  readonly producerId: bigint
  readonly state: string
  /** Null while it has written nothing. */
  readonly ageMs: number | null
  readonly timeoutMs: number
  readonly partitions: readonly TopicPartition[]
  /** The task whose id it is; null for a foreign one. */
  readonly task: string | null
  readonly group: string | null
}

/** A transaction in one partition without an open transaction at its coordinator. */
export interface HangingPartition extends TopicPartition {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
  readonly start: bigint
  /** Age of the producer's last record there; null when not known. */
  readonly ageMs: number | null
}

export interface TransactionSurvey {
  readonly open: readonly OpenTransaction[]
  readonly hanging: readonly HangingPartition[]
  readonly findings: readonly Finding[]
}

export interface TransactionOptions {
  readonly admin: Pick<
    KafkaAdmin,
    'listTransactions' | 'describeTransactions' | 'describeProducers' | 'endOffsets'
  >
  readonly clock: Clock
  readonly topologies: readonly SubTopology[]
  /** Topics whose last stable offset is looked at. */
  readonly topics: readonly string[]
  readonly hungAfterMs: number
}

/** The task and group of a transactional id; null for an id no task of this version has. */
export function taskOf(
  transactionalId: string,
  topologies: readonly SubTopology[]
): { readonly task: string; readonly group: string } | null {
  const [, id, partition] = /^hs-(.+)-(\d+)$/.exec(transactionalId) ?? []
  const topology = topologies.find((one) => one.id === id)
  if (topology === undefined || Number(partition) >= topology.partitions) return null
  return { task: `${id}-${partition}`, group: topology.group }
}

/** Everything that is open now. */
export async function surveyTransactions(options: TransactionOptions): Promise<TransactionSurvey> {
  const held = await heldPartitions(options)
  const open = await openTransactions(options)
  const hanging: HangingPartition[] = []
  for (const partition of held) hanging.push(...(await hangingIn(options, partition, open)))
  return {
    open,
    hanging,
    findings: [
      ...open.flatMap((transaction) => openFinding(transaction, options.hungAfterMs)),
      ...hanging.map(hangingFinding)
    ]
  }
}

/** The open transactions of the cluster, oldest first. */
async function openTransactions(options: TransactionOptions): Promise<OpenTransaction[]> {
  const { admin, clock, topologies } = options
  const listed = await admin.listTransactions({ states: openStates })
  const ids = listed.map(({ transactionalId }) => transactionalId)
  const described = ids.length === 0 ? [] : await admin.describeTransactions(ids)
  const nowMs = clock.now()
  return described
    .filter(({ state }) => openStates.includes(state))
    .map((one) => toOpen(one, topologies, nowMs))
    .sort((a, b) => (b.ageMs ?? 0) - (a.ageMs ?? 0))
}

function toOpen(
  one: TransactionDescription,
  topologies: readonly SubTopology[],
  nowMs: number
): OpenTransaction {
  const owner = taskOf(one.transactionalId, topologies)
  return {
    transactionalId: one.transactionalId,
    producerId: one.producerId,
    state: one.state,
    ageMs: one.startMs === null ? null : Math.max(0, nowMs - one.startMs),
    timeoutMs: one.timeoutMs,
    partitions: one.partitions,
    task: owner?.task ?? null,
    group: owner?.group ?? null
  }
}

async function heldPartitions({ admin, topics }: TransactionOptions): Promise<TopicPartition[]> {
  const held: TopicPartition[] = []
  for (const topic of topics) {
    for (const [partition, offsets] of await admin.endOffsets(topic)) {
      if (isHeld(offsets)) held.push({ topic, partition })
    }
  }
  return held
}

function isHeld({ stable, high }: PartitionOffsets): boolean {
  return stable < high
}

async function hangingIn(
  { admin, clock }: TransactionOptions,
  { topic, partition }: TopicPartition,
  open: readonly OpenTransaction[]
): Promise<HangingPartition[]> {
  const producers = await admin.describeProducers(topic, partition)
  const known = new Set(open.map(({ producerId }) => producerId))
  const suspects = producers.filter(
    ({ producerId, transactionStart }) => transactionStart !== null && !known.has(producerId)
  )
  if (suspects.length === 0) return []
  // A transaction that began after the listing is no suspect; so ask the coordinators once more.
  const producerIds = suspects.map(({ producerId }) => producerId)
  const late = await admin.listTransactions({ producerIds, states: openStates })
  const knownLate = new Set(late.map(({ producerId }) => producerId))
  const still = await admin.describeProducers(topic, partition)
  return still.flatMap((one) => {
    const before = suspects.find(({ producerId }) => producerId === one.producerId)
    const start = one.transactionStart
    if (start === null || start !== before?.transactionStart) return []
    if (knownLate.has(one.producerId)) return []
    const { producerId, producerEpoch, coordinatorEpoch, lastTimestampMs } = one
    const ageMs = lastTimestampMs < 0 ? null : Math.max(0, clock.now() - lastTimestampMs)
    return [{ topic, partition, producerId, producerEpoch, coordinatorEpoch, start, ageMs }]
  })
}

function openFinding(transaction: OpenTransaction, hungAfterMs: number): Finding[] {
  const { transactionalId, ageMs, state, timeoutMs, task } = transaction
  if (ageMs === null || ageMs <= hungAfterMs) return []
  const whose = task === null ? 'of no task of this version' : `of task ${task}`
  const force = task === null ? ' FORCE=1' : ''
  return [
    {
      severity: 'hand',
      kind: 'transaction-hung',
      subject: transactionalId,
      message: `${whose}, ${state} for ${Math.round(ageMs / 1000)} s; readers of committed records wait for it, at most its timeout of ${Math.round(timeoutMs / 1000)} s`,
      next: `make doctor DO=end-transaction ID=${transactionalId}${force}`
    }
  ]
}

function hangingFinding({ topic, partition, producerId, start }: HangingPartition): Finding {
  return {
    severity: 'hand',
    kind: 'transaction-hanging',
    subject: `${topic}-${partition}`,
    message: `open since offset ${start} by producer ${producerId}, which no coordinator knows: it never ends by itself`,
    next: `make doctor DO=end-transaction ID=${topic}:${partition}:${producerId}`
  }
}
