/**
 * @module Retries of raw cluster calls that change nothing, with fresh metadata between the tries.
 */

import type { Clock } from '../clock/index.ts'
import type { RawCluster } from './library.ts'
import { errorTypes } from './library-errors.ts'

/**
 * 100 ms doubling to 1.6 s: five tries in about 3 s, enough for a leader or a coordinator to move.
 */
const triesMax = 5
const firstDelayMs = 100

/** Runs until it succeeds, at most five times. A topic that doesn't exist isn't asked for twice. */
export async function retrying<T>(
  { clock, cluster }: { readonly clock: Clock; readonly cluster: RawCluster },
  run: () => Promise<T>
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      if (!cluster.isConnected()) await cluster.connect()
      return await run()
    } catch (error) {
      const isMissing = errorTypes(error).includes('UNKNOWN_TOPIC_OR_PARTITION')
      if (isMissing || tries >= triesMax) throw error
    }
    await clock.sleep(firstDelayMs * 2 ** (tries - 1))
    // When this fails too, the next try says why.
    await cluster.refreshMetadata().catch(() => undefined)
  }
}
