/**
 * @module How kafkajs waits for a transaction coordinator that is still busy with the transaction
 * before.
 *
 * Its transaction manager reads its retry settings from `cluster.retry`, which Cluster never sets,
 * so InitProducerId and TxnOffsetCommit wait 300 ms and more after each CONCURRENT_TRANSACTIONS
 * whatever is configured: taking over a predecessor's open transaction costs 340 ms that way and 10
 * ms with this. AddPartitionsToTxn goes through the producer's retries, which fetch metadata each
 * time, and AddOffsetsToTxn isn't retried at all; both are simply asked again here, since the
 * answer means that nothing was done.
 */

import { systemClock } from '../../clock/index.ts'
import type { Patch } from './patch.ts'

/**
 * 60 tries from 5 ms to 200 ms: about 10 s in all, less than the 15 s a broker lets a transaction
 * stay open.
 */
export const transactionalRetry = {
  initialRetryTime: 5,
  multiplier: 1.3,
  maxRetryTime: 200,
  retries: 60
} as const

/**
 * Markers take 1 to 5 ms. With the round trip 200 tries are about 0.6 s; then the slower retries of
 * the callers go on.
 */
const busyRetryMs = 2
const busyTriesMax = 200

type BrokerMethod = (this: unknown, request: unknown) => Promise<unknown>
type Broker = Record<'addPartitionsToTxn' | 'addOffsetsToTxn', BrokerMethod>

export const transactionalRetryPatch: Patch = {
  name: 'transactional-retry',
  apply(modules) {
    const cluster = modules.load<{ prototype: object }>('src/cluster/index')
    Object.defineProperty(cluster.prototype, 'retry', {
      value: transactionalRetry,
      configurable: true
    })
    const broker = modules.load<{ prototype: Broker }>('src/broker/index')
    for (const method of ['addPartitionsToTxn', 'addOffsetsToTxn'] as const) {
      broker.prototype[method] = askAgainWhileBusy(broker.prototype[method])
    }
  }
}

export function askAgainWhileBusy(ask: BrokerMethod): BrokerMethod {
  return async function (this: unknown, request) {
    for (let tries = 1; ; tries += 1) {
      try {
        return await ask.call(this, request)
      } catch (error) {
        const isBusy = (error as { type?: string }).type === 'CONCURRENT_TRANSACTIONS'
        if (!isBusy || tries >= busyTriesMax) throw error
      }
      await systemClock.sleep(busyRetryMs)
    }
  }
}
