/**
 * @module What can go wrong inside one operation of a task: it dies or hangs at a crash point, an answer
 * is lost after or before the work is done, a read fails. An owner of a task carries at most one such
 * plan at a time; the ports here ask it.
 */
import { CorruptError, RetryError } from '../../core/index.ts'
import type {
  FetchedPartition,
  Fetcher,
  Transaction,
  TransactionalProducer
} from '../../core/kafka/index.ts'
import type { FailpointName, Failpoints, StateBackend } from '../../streams/runtime/index.ts'

/** Faults of calls; each happens once. `lost`: done, but the answer does not come; `refused`: not done. */
export const callFaults = [
  'commit-lost',
  'commit-refused',
  'send-lost',
  'offsets-refused',
  'apply-lost',
  'apply-refused',
  'read-refused',
  'restore-fetch-refused',
  'admin-refused'
] as const

export type CallFault = (typeof callFaults)[number]

/** `crash`: never goes on. `pause`: goes on when it is resumed, perhaps after its successor began. */
export type Plan =
  | { readonly kind: 'crash' | 'pause'; readonly point: FailpointName; hitsLeft: number }
  | { readonly kind: CallFault }

/** Thrown where a task dies; whatever it would have done later it does not. */
export class Struck extends Error {}

/** Asked by the ports of one owner. */
export interface FaultSource {
  /** True when the call is to fail in this way, once. */
  takes(fault: CallFault): boolean
  /** Records of one page of a changelog, so that a restore takes several. */
  pageRecords(): number
  at: Failpoints
}

/** A producer whose answers may get lost. */
export function faultyProducer(
  producer: TransactionalProducer,
  faults: FaultSource
): TransactionalProducer {
  return {
    init: () => producer.init(),
    begin: async () => faultyTransaction(await producer.begin(), faults),
    close: () => producer.close()
  }
}

function faultyTransaction(transaction: Transaction, faults: FaultSource): Transaction {
  return {
    send: async (records) => {
      const appended = await transaction.send(records)
      if (faults.takes('send-lost')) throw unknownOutcome('send')
      return appended
    },
    sendOffsets: async (commit) => {
      if (faults.takes('offsets-refused')) throw unknownOutcome('send of offsets')
      await transaction.sendOffsets(commit)
    },
    commit: async () => {
      if (faults.takes('commit-refused')) throw unknownOutcome('commit')
      await transaction.commit()
      if (faults.takes('commit-lost')) throw unknownOutcome('commit')
    },
    abort: () => transaction.abort()
  }
}

/** A backend whose calls may fail. */
export function faultyState(state: StateBackend, faults: FaultSource): StateBackend {
  const refusing = <A extends readonly unknown[], R>(call: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      if (faults.takes('read-refused')) throw redisAway()
      return call(...args)
    }
  }
  return {
    read: refusing((task, reads) => state.read(task, reads)),
    position: refusing((task, store) => state.position(task, store)),
    apply: async (task, changes, nowMs) => {
      if (faults.takes('apply-refused')) throw redisAway()
      const result = await state.apply(task, changes, nowMs)
      if (faults.takes('apply-lost')) throw redisAway()
      return result
    },
    segments: refusing((task, store) => state.segments(task, store)),
    page: refusing((task, request) => state.page(task, request)),
    scan: (task, store) => state.scan(task, store),
    clear: (task, store) => state.clear(task, store)
  }
}

/** Reads changelogs in pages of any size; some reads fail. */
export function faultyFetcher(fetcher: Fetcher, faults: FaultSource): Fetcher {
  return {
    fetch: async (requests, options) => {
      const fetched = await fetcher.fetch(requests, options)
      return fetched.map((partition) =>
        faults.takes('restore-fetch-refused')
          ? refused(partition)
          : firstRecords(partition, faults.pageRecords())
      )
    },
    close: () => fetcher.close()
  }
}

/** The same response cut off after some records. */
export function firstRecords(fetched: FetchedPartition, count: number): FetchedPartition {
  const records = fetched.records.slice(0, count)
  const last = records.at(-1)
  if (last === undefined || records.length === fetched.records.length) return fetched
  return { ...fetched, records, offsetNext: last.offset + 1n }
}

function refused(fetched: FetchedPartition): FetchedPartition {
  return { ...fetched, error: 'NOT_LEADER', records: [] }
}

function unknownOutcome(what: string): CorruptError {
  return new CorruptError('HAIL_UNKNOWN_OUTCOME', `no answer to the ${what}`)
}

function redisAway(): RetryError {
  return new RetryError('HAIL_REDIS_UNAVAILABLE', 'no answer')
}
