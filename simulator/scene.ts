/**
 * What all actors of a simulation share.
 *
 * @module
 */
import type { Clock, Logger } from '../core/index.ts'
import type { Policy } from '../domain/index.ts'
import type { ApiClient } from './api-client.ts'
import type { Figures } from './figures.ts'
import type { Habits } from './habits.ts'
import type { PushLog } from './push-log.ts'
import type { TokenMint } from './tokens.ts'

/** See the module. */
export type Scene = {
  readonly clock: Clock
  readonly logger: Logger
  /** Scheme, host and port of the API. */
  readonly baseUrl: string
  readonly api: ApiClient
  /** What all phones hear by push. */
  readonly pushLog: PushLog
  readonly tokens: TokenMint
  /** The business limits as they are published: how long an offer lasts, when cancelling costs. */
  readonly policy: Policy
  /** Zone whose hour decides how fast traffic is. */
  readonly timezone: string
  readonly habits: Habits
  readonly figures: Figures
  readonly seed: number
  /** Rides whose riders stay away from the pickup: what a driver sees with his eyes. */
  readonly absentRiders: Set<string>
  /** Aborts when the simulation stops. */
  readonly signal: AbortSignal
}
