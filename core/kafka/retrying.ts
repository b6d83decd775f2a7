/**
 * @module Retries of raw cluster calls that may be made twice, with fresh metadata between the tries.
 */

import type { Clock } from '../clock/index.ts'
import { HailError } from '../errors.ts'
import type { RawCluster } from './library.ts'
import { errorTypes } from './library-errors.ts'

export type RetryPolicy = {
  readonly triesMax: number
  readonly firstDelayMs: number
  readonly multiplier: number
  readonly delayMsMax: number
  /** No further try begins later than this after the first one. */
  readonly forMsMax: number
  /** Whether another try could end otherwise. */
  isWorthwhile(error: unknown): boolean
}

/**
 * 100 ms doubling to 1.6 s: five tries in about 3 s, enough for a leader or a coordinator to move.
 * A topic that doesn't exist isn't asked for twice.
 */
const defaultPolicy: RetryPolicy = {
  triesMax: 5,
  firstDelayMs: 100,
  multiplier: 2,
  delayMsMax: 1_600,
  forMsMax: Number.POSITIVE_INFINITY,
  isWorthwhile: (error) => !errorTypes(error).includes('UNKNOWN_TOPIC_OR_PARTITION')
}

/** Runs until it succeeds, as often and as long as the policy says. Our own errors are final. */
export async function retrying<T>(
  options: {
    readonly clock: Clock
    readonly cluster: RawCluster
    readonly policy?: RetryPolicy
  },
  run: () => Promise<T>
): Promise<T> {
  const { clock, cluster, policy = defaultPolicy } = options
  const endMs = clock.monotonic() + policy.forMsMax
  let delayMs = policy.firstDelayMs
  for (let tries = 1; ; tries += 1) {
    try {
      if (!cluster.isConnected()) await cluster.connect()
      return await run()
    } catch (error) {
      const isFinal = error instanceof HailError || !policy.isWorthwhile(error)
      if (isFinal || tries >= policy.triesMax || clock.monotonic() + delayMs > endMs) throw error
    }
    await clock.sleep(delayMs)
    delayMs = Math.min(delayMs * policy.multiplier, policy.delayMsMax)
    // When this fails too, the next try says why.
    await cluster.refreshMetadata().catch(() => undefined)
  }
}
