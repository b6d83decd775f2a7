/**
 * @module The cases of the crash tests: every named point of the runtime with every fault, continued
 * by the same process or by another, at its first and at a later hit; and what can happen to the
 * stores and their changelogs.
 */
import { createSeededRandom } from '../../core/index.ts'
import type { TransactionVersion } from '../../core/kafka/index.ts'
import { type FailpointName, failpointNames } from '../../streams/runtime/index.ts'
import type { Request } from '../support/fault-proxy.ts'

/**
 * `kill`: SIGKILL. `pause`: SIGSTOP past the session, then SIGCONT. `cut`: all connections to
 * Kafka and Redis break. `lost-reply`: the next request arrives, its answer does not.
 */
export const pointFaults = ['kill', 'pause', 'cut', 'lost-reply'] as const
export type PointFault = (typeof pointFaults)[number]

/** Who goes on: the process itself (a killed one is started again), or another member of the group. */
export const continuations = ['same', 'other'] as const
export type Continuation = (typeof continuations)[number]

export interface PointCase {
  readonly kind: 'point'
  readonly name: string
  readonly point: FailpointName
  readonly fault: PointFault
  readonly who: Continuation
  /** Counted from 1. */
  readonly hit: number
  readonly transactionVersion: TransactionVersion
  readonly seed: number
}

export const stateFaults = [
  /** Redis goes back to an earlier state. */
  'rolled-back',
  /** All keys are gone. */
  'wiped',
  /** An earlier state, and all connections to Redis break: a failover that lost writes. */
  'failed-over',
  /** The changelogs are compacted, then the stores are wiped. */
  'compacted',
  /** Tombstones are compacted away, then an old state comes back that is past the trusted age. */
  'too-old',
  /** Changelog records below the stores' positions are deleted: nobody needs them. */
  'truncated',
  /** Changelog records are deleted that a restore needs: a loud stop, and no wrong output. */
  'truncated-and-wiped',
  /** Another member joins while a restore is under way. */
  'rebalance-in-restore'
] as const
export type StateFault = (typeof stateFaults)[number]

/** When it happens: under load, or while no process runs. */
export type StateMoment = 'running' | 'stopped'

export interface StateCase {
  readonly kind: 'state'
  readonly name: string
  readonly fault: StateFault
  readonly moment: StateMoment
  readonly seed: number
}

export type CrashCase = PointCase | StateCase

/** How to get to a point and how it is struck. */
export interface PointPlan {
  /**
   * The request whose reply gets lost: what the task at hand does next. Api keys of Kafka: 0 Produce,
   * 9 OffsetFetch, 13 LeaveGroup, 26 EndTxn, 28 TxnOffsetCommit.
   */
  readonly next: readonly Request[]
  /**
   * What has to be there first. `wiped-store`: a restore has nothing to do unless the store is
   * wiped. `leaving`: the point is in a clean stop. `before-apply`: the request is under way at the
   * point already, so its loss is prepared just before.
   */
  readonly needs?: 'wiped-store' | 'leaving' | 'before-apply'
  /** True when the outputs of an open transaction are in the log here, to be aborted. */
  readonly leavesAborted?: boolean
  /** True between the begin and the end of a transaction. */
  readonly isInTransaction?: boolean
  /** Highest hit that each arrangement reaches. */
  readonly hitMax: number
}

export const pointPlans: Readonly<Record<FailpointName, PointPlan>> = {
  'poll.after': { next: ['*'], hitMax: 12 },
  'process.after': { next: [0], hitMax: 12 },
  'txn.after-begin': { next: [0], isInTransaction: true, hitMax: 10 },
  'txn.after-outputs': { next: [28], leavesAborted: true, isInTransaction: true, hitMax: 10 },
  // The unknown outcome: the broker commits, nobody hears of it.
  'txn.after-offsets': { next: [26], leavesAborted: true, isInTransaction: true, hitMax: 10 },
  'txn.after-end': { next: ['*'], hitMax: 10 },
  'store.before-apply': { next: ['*'], hitMax: 10 },
  'store.mid-apply': { next: ['*'], needs: 'before-apply', hitMax: 10 },
  'store.after-apply': { next: [0], hitMax: 10 },
  'assign.after-init': { next: [9], hitMax: 2 },
  'assign.after-offsets': { next: ['*'], hitMax: 2 },
  'restore.mid': { next: ['*'], needs: 'wiped-store', hitMax: 2 },
  'revoke.mid': { next: [13], needs: 'leaving', hitMax: 2 }
}

/**
 * The whole matrix: every point in transactions of version 2, those of the transaction itself in version 1
 * too. The seed decides the inputs and which hit is the nth.
 */
export function crashMatrix(seed: number): readonly CrashCase[] {
  const random = createSeededRandom(seed)
  const isOfTransaction = (point: FailpointName): boolean => point.startsWith('txn.')
  const casesOf = (
    names: readonly FailpointName[],
    transactionVersion: TransactionVersion
  ): PointCase[] => {
    const mark = transactionVersion === 1 ? ['v1'] : []
    return names.flatMap((point) =>
      pointFaults.flatMap((fault) =>
        continuations.flatMap((who) =>
          (['first', 'nth'] as const).map((which): PointCase => {
            const { hitMax } = pointPlans[point]
            const later = 2 + Math.floor(random.next() * (hitMax - 1))
            return {
              kind: 'point',
              name: [point, fault, who, which, ...mark].join(' '),
              point,
              fault,
              who,
              hit: which === 'first' ? 1 : later,
              transactionVersion,
              seed: random.word()
            }
          })
        )
      )
    )
  }
  const states = stateFaults.flatMap((fault) =>
    momentsOf(fault).map((moment): StateCase => {
      return { kind: 'state', name: `${fault} ${moment}`, fault, moment, seed: random.word() }
    })
  )
  const points = [
    ...casesOf(failpointNames, 2),
    ...casesOf(failpointNames.filter(isOfTransaction), 1)
  ]
  return [...points, ...states]
}

/** Cases of the smoke in `make test`: every fault and every kind of state fault that needs no cleaner. */
export const smokeCases: readonly string[] = [
  'txn.after-offsets kill same first',
  'txn.after-outputs kill other nth',
  'txn.after-end kill same nth',
  'txn.after-begin kill other first v1',
  'txn.after-offsets lost-reply same nth v1',
  'store.mid-apply kill same first',
  'assign.after-init kill other first',
  'restore.mid kill same nth',
  'txn.after-outputs pause other first',
  'txn.after-begin cut same nth',
  'txn.after-offsets lost-reply same first',
  'revoke.mid lost-reply other first',
  'rolled-back running',
  'wiped running'
]

/** A rebalance and a failover need a process; what takes the cleaner's time is done without one. */
function momentsOf(fault: StateFault): readonly StateMoment[] {
  if (fault === 'rebalance-in-restore' || fault === 'failed-over') return ['running']
  if (fault === 'compacted' || fault === 'too-old' || fault === 'truncated-and-wiped') {
    return ['stopped']
  }
  return ['running', 'stopped']
}
