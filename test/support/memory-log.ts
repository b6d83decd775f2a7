/**
 * @module A log in memory with the semantics tasks rely on: partitions, transactions with control
 * records, the last stable offset, fencing by transactional id, and committed offsets with
 * metadata. It speaks the Kafka port, so tasks run on it unchanged.
 */
import { CorruptError, MigrateError } from '../../core/index.ts'
import type {
  Appended,
  CommittedOffset,
  FetchedPartition,
  Fetcher,
  FetchRequest,
  KafkaRecord,
  OffsetCommit,
  OutRecord,
  PartitionOffsets,
  Transaction,
  TransactionalProducer
} from '../../core/kafka/index.ts'

interface Entry {
  readonly record: KafkaRecord
  /** Of which open or ended transaction; null for a plain write. */
  readonly transaction: OpenTransaction | null
  readonly isControl: boolean
  /** Compacted away or deleted; its offset stays. */
  isGone: boolean
  /** Wall clock of the first compaction that kept this tombstone, epoch ms; null before. */
  cleanedMs: number | null
}

interface OpenTransaction {
  state: 'open' | 'committed' | 'aborted'
  readonly partitions: Set<string>
  readonly offsets: OffsetCommit[]
  readonly records: KafkaRecord[]
}

interface ProducerState {
  epoch: number
  open: OpenTransaction | null
}

export class MemoryLog {
  readonly #partitions = new Map<string, Entry[]>()
  readonly #producers = new Map<string, ProducerState>()
  readonly #committed = new Map<string, CommittedOffset>()
  readonly #logStarts = new Map<string, bigint>()
  readonly #stables = new Map<string, number>()
  readonly #now: () => number
  #order: KafkaRecord[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  /** Appends outside of any transaction, as the ingress does. */
  append(record: OutRecord): bigint {
    return this.#append(record, null)
  }

  /** Records committed since the last call, over all partitions, in commit order. */
  drain(): KafkaRecord[] {
    const drained = this.#order
    this.#order = []
    return drained
  }

  /** Offset after the last record of a partition. */
  end(topic: string, partition: number): bigint {
    return this.#high(`${topic}:${partition}`)
  }

  /** Rewrites the metadata of a committed offset. */
  moveMetadata(
    group: string,
    at: `${string}:${number}`,
    rewrite: (metadata: string) => string
  ): void {
    const key = `${group}|${at.replace(':', '|')}`
    const found = this.#committed.get(key)
    if (found) this.#committed.set(key, { ...found, metadata: rewrite(found.metadata) })
  }

  /** Committed records of a partition from an offset, control and aborted records left out. */
  committedFrom(topic: string, partition: number, from: bigint): KafkaRecord[] {
    return this.#fetch({ topic, partition, offset: from }).records.slice()
  }

  /** Records of a partition as a read-uncommitted reader sees them: open and aborted ones too. */
  uncommittedFrom(topic: string, partition: number, from: bigint): KafkaRecord[] {
    return (this.#partitions.get(`${topic}:${partition}`) ?? [])
      .slice(Number(from))
      .filter(({ isControl, isGone }) => !isControl && !isGone)
      .map(({ record }) => record)
  }

  /**
   * Compacts a partition up to its last stable offset: of each key only the last committed record stays. A
   * tombstone goes when a compaction before `tombstonesUntilMs` has kept it, as brokers count
   * delete.retention.ms from the pass that removed the records under it.
   * @returns the numbers of records and of last tombstones that went
   */
  compact(
    topic: string,
    partition: number,
    tombstonesUntilMs: number
  ): { records: number; tombstones: number } {
    const key = `${topic}:${partition}`
    const entries = this.#entries(key).slice(0, Number(this.#stable(key)))
    const live = entries.filter((entry) => !entry.isControl && !entry.isGone)
    const committed = live.filter(({ transaction }) => transaction?.state !== 'aborted')
    const last = new Map(committed.map((entry) => [String(entry.record.key), entry]))
    const gone = { records: 0, tombstones: 0 }
    for (const entry of live) {
      const isLast = last.get(String(entry.record.key)) === entry
      if (isLast && entry.record.value !== null) continue
      if (isLast && (entry.cleanedMs ?? Number.POSITIVE_INFINITY) >= tombstonesUntilMs) {
        entry.cleanedMs ??= this.#now()
        continue
      }
      entry.isGone = true
      gone[isLast ? 'tombstones' : 'records'] += 1
    }
    return gone
  }

  /**
   * Deletes the records below `start`, as retention does with whole segments of the log.
   * @returns false when the log starts there or later already
   */
  truncate(topic: string, partition: number, start: bigint): boolean {
    const key = `${topic}:${partition}`
    if (start <= this.#logStart(key)) return false
    for (const entry of this.#entries(key).slice(0, Number(start))) entry.isGone = true
    this.#logStarts.set(key, start)
    return true
  }

  /** Every topic that holds a record, sorted. */
  topics(): string[] {
    return [...new Set([...this.#partitions.keys()].map((key) => key.split(':')[0] ?? ''))].sort()
  }

  readonly admin = {
    committed: async (
      groupId: string,
      names: readonly string[]
    ): Promise<Map<`${string}:${number}`, CommittedOffset>> => {
      const found = new Map<`${string}:${number}`, CommittedOffset>()
      for (const [key, value] of this.#committed) {
        const [group, topic, partition] = key.split('|') as [string, string, string]
        if (group === groupId && names.includes(topic))
          found.set(`${topic}:${Number(partition)}`, value)
      }
      return found
    },
    endOffsets: async (topic: string): Promise<Map<number, PartitionOffsets>> => {
      const ends = new Map<number, PartitionOffsets>()
      for (const key of this.#partitions.keys()) {
        const [name, partition] = key.split(':') as [string, string]
        if (name !== topic) continue
        ends.set(Number(partition), {
          logStart: this.#logStart(key),
          stable: this.#stable(key),
          high: this.#high(key)
        })
      }
      return ends
    }
  }

  fetcher(): Fetcher {
    return {
      fetch: async (requests) => requests.map((request) => this.#fetch(request)),
      close: async () => undefined
    }
  }

  async transactionalProducer(transactionalId: string): Promise<TransactionalProducer> {
    let epoch = -1
    const state = this.#producerState(transactionalId)
    const guard = (): void => {
      if (epoch !== state.epoch) {
        throw new MigrateError(
          'HAIL_FENCED',
          `${transactionalId} was taken over by a newer producer`
        )
      }
    }
    return {
      init: async () => {
        if (state.open) this.#end(state, 'aborted')
        state.epoch += 1
        epoch = state.epoch
      },
      begin: async () => {
        guard()
        if (state.open)
          throw new CorruptError('HAIL_UNKNOWN_OUTCOME', 'a transaction is open already')
        state.open = { state: 'open', partitions: new Set(), offsets: [], records: [] }
        return this.#transaction(state, guard)
      },
      close: async () => undefined
    }
  }

  #transaction(state: ProducerState, guard: () => void): Transaction {
    const open = state.open as OpenTransaction
    return {
      send: async (records) => {
        guard()
        const appended = new Map<`${string}:${number}`, Appended>()
        for (const record of records) {
          const offset = this.#append(record, open)
          const key = `${record.topic}:${record.partition}` as const
          open.partitions.add(key)
          appended.set(key, { base: appended.get(key)?.base ?? offset, last: offset })
        }
        return appended
      },
      sendOffsets: async (commit) => {
        guard()
        open.offsets.push(commit)
      },
      commit: async () => {
        guard()
        this.#end(state, 'committed')
      },
      abort: async () => {
        guard()
        this.#end(state, 'aborted')
      }
    }
  }

  #end(state: ProducerState, outcome: 'committed' | 'aborted'): void {
    const open = state.open
    if (open === null) throw new CorruptError('HAIL_UNKNOWN_OUTCOME', 'no transaction is open')
    open.state = outcome
    state.open = null
    for (const key of open.partitions) this.#control(key)
    if (outcome === 'aborted') return
    this.#order.push(...open.records)
    for (const { groupId, offsets } of open.offsets) {
      for (const { topic, partition, offset, metadata } of offsets) {
        this.#committed.set(`${groupId}|${topic}|${partition}`, { offset, metadata })
      }
    }
  }

  #producerState(id: string): ProducerState {
    const found = this.#producers.get(id)
    if (found) return found
    const made: ProducerState = { epoch: 0, open: null }
    this.#producers.set(id, made)
    return made
  }

  #entries(key: string): Entry[] {
    const found = this.#partitions.get(key)
    if (found) return found
    const made: Entry[] = []
    this.#partitions.set(key, made)
    return made
  }

  #append(record: OutRecord, transaction: OpenTransaction | null): bigint {
    const entries = this.#entries(`${record.topic}:${record.partition}`)
    const offset = BigInt(entries.length)
    const stored: KafkaRecord = {
      topic: record.topic,
      partition: record.partition,
      offset,
      timestampMs: record.timestampMs ?? this.#now(),
      key: typeof record.key === 'string' ? Buffer.from(record.key) : record.key,
      value: record.value,
      headers: record.headers ?? {}
    }
    entries.push({ record: stored, transaction, isControl: false, isGone: false, cleanedMs: null })
    if (transaction) transaction.records.push(stored)
    else this.#order.push(stored)
    return offset
  }

  #control(key: string): void {
    const [topic, partition] = key.split(':') as [string, string]
    const entries = this.#entries(key)
    const offset = BigInt(entries.length)
    const record = {
      topic,
      partition: Number(partition),
      offset,
      timestampMs: this.#now(),
      key: null,
      value: null,
      headers: {}
    }
    entries.push({ record, transaction: null, isControl: true, isGone: false, cleanedMs: null })
  }

  #high(key: string): bigint {
    return BigInt(this.#partitions.get(key)?.length ?? 0)
  }

  #logStart(key: string): bigint {
    return this.#logStarts.get(key) ?? 0n
  }

  /** Below the last stable offset nothing is open any more, so the search goes on where it ended. */
  #stable(key: string): bigint {
    const entries = this.#partitions.get(key) ?? []
    let at = this.#stables.get(key) ?? 0
    while (at < entries.length && entries[at]?.transaction?.state !== 'open') at += 1
    this.#stables.set(key, at)
    return BigInt(at)
  }

  #fetch(request: FetchRequest): FetchedPartition {
    const key = `${request.topic}:${request.partition}`
    if (request.offset < this.#logStart(key) || request.offset > this.#high(key)) {
      return outOfRange(request)
    }
    const stable = this.#stable(key)
    const entries = (this.#partitions.get(key) ?? []).slice(Number(request.offset), Number(stable))
    const records = entries
      .filter(({ isControl, isGone }) => !isControl && !isGone)
      .filter(({ transaction }) => transaction?.state !== 'aborted')
      .map(({ record }) => record)
    return {
      topic: request.topic,
      partition: request.partition,
      error: null,
      records,
      offsetNext: stable > request.offset ? stable : request.offset,
      highWatermark: this.#high(key),
      lastStableOffset: stable,
      logStart: this.#logStart(key)
    }
  }
}

function outOfRange({ topic, partition, offset }: FetchRequest): FetchedPartition {
  return {
    topic,
    partition,
    error: 'OFFSET_OUT_OF_RANGE',
    records: [],
    offsetNext: offset,
    highWatermark: -1n,
    lastStableOffset: -1n,
    logStart: -1n
  }
}
