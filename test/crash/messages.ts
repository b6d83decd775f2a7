/**
 * @module What a crash test and its child processes tell each other.
 */
import type { TransactionVersion } from '../../core/kafka/index.ts'
import type { TaskSettings } from '../../streams/runtime/index.ts'

/** One run of the crash topology in a child. */
export interface RunPlan {
  readonly app: string
  readonly clientId: string
  readonly brokers: readonly string[]
  readonly redisUrl: string
  readonly sessionTimeoutMs: number
  readonly transactionVersion: TransactionVersion
  /** Points to wait at, `point:hit`, one after the other: the hits of each count from the one before. */
  readonly stops: readonly string[]
  readonly task: Partial<TaskSettings>
}

export type ToChild =
  | { readonly do: 'run'; readonly plan: RunPlan }
  /** Leave the group in good order. */
  | { readonly do: 'leave' }
  /** Join it again; the hits counted so far count. */
  | { readonly do: 'join' }
  /** Go on from the point reached. */
  | { readonly do: 'go-on' }
  | { readonly do: 'counts' }
  /** Leave and close all connections; another run may follow. */
  | { readonly do: 'end' }

export interface Counts {
  readonly assigned: number
  readonly running: number
  readonly memberId: string | null
}

export type FromChild =
  | { readonly told: 'ready' }
  | { readonly told: 'joined' }
  | { readonly told: 'hit'; readonly stop: string }
  | { readonly told: 'left' }
  | { readonly told: 'ended' }
  | ({ readonly told: 'counts' } & Counts)
  /** A task was dropped, to be acquired anew. */
  | { readonly told: 'dropped'; readonly code: string }
  /** An error that a process of the application would end with. */
  | { readonly told: 'fatal'; readonly code: string; readonly message: string }
