/**
 * @module kafkajs re-arms a 1 ms timer after every response on every connection, for ever, even
 * with nothing to send (its issues #1556, #1751). An idle process with 50 producers spent 5 % of a
 * core on it, 1.5 % without. The timer is only needed while requests wait or the broker throttles.
 */

import type { Patch } from './patch.ts'

type RequestQueue = {
  readonly pending: readonly unknown[]
  readonly throttledUntil: number
  scheduleCheckPendingRequests(): void
}

export const requestQueueTimer: Patch = {
  name: 'request-queue-timer',
  apply(modules) {
    const { prototype } = modules.load<{ prototype: RequestQueue }>(
      'src/network/requestQueue/index'
    )
    const original = prototype.scheduleCheckPendingRequests
    prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
      // Whoever adds a pending request calls this again, and a throttle only matters to those: with
      // nothing pending there is nothing to wake up for.
      if (this.pending.length > 0) original.call(this)
    }
  }
}
