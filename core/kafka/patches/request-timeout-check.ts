/**
 * @module kafkajs looks ten times a second, on every connection, whether a request has timed out,
 * even while none is in flight. A process with a producer for each of its tasks has that many idle
 * connections, and woke up 60 times a second for six tasks: half of what it costs to be idle. The
 * check runs only while a request is in flight.
 */

import { systemClock, type TimerHandle } from '../../clock/index.ts'
import type { Patch } from './patch.ts'

type InFlight = {
  readonly sentAt: number
  readonly requestTimeout: number
  timeoutRequest(): void
}

type RequestQueue = {
  readonly enforceRequestTimeout: boolean
  readonly requestTimeout: number
  readonly inflight: ReadonlyMap<number, InFlight>
  scheduleRequestTimeoutCheck(): void
  sendSocketRequest(request: unknown): void
  destroy(): void
}

/** A timeout is noticed late by a tenth of itself, and by a second at most. */
const checksATimeout = 10
const checkEveryMsMax = 1_000

export const requestTimeoutCheck: Patch = {
  name: 'request-timeout-check',
  apply(modules) {
    const { prototype } = modules.load<{ prototype: RequestQueue }>(
      'src/network/requestQueue/index'
    )
    const { sendSocketRequest, destroy } = prototype
    const timers = new WeakMap<RequestQueue, TimerHandle>()

    const check = (queue: RequestQueue): void => {
      timers.delete(queue)
      const now = systemClock.now()
      for (const request of [...queue.inflight.values()]) {
        if (now - request.sentAt > request.requestTimeout) request.timeoutRequest()
      }
      queue.scheduleRequestTimeoutCheck()
    }

    // kafkajs calls this when a connection is there, before anything is sent over it.
    prototype.scheduleRequestTimeoutCheck = function (this: RequestQueue): void {
      if (!this.enforceRequestTimeout || this.inflight.size === 0 || timers.has(this)) return
      const everyMs = Math.min(this.requestTimeout / checksATimeout, checkEveryMsMax)
      timers.set(
        this,
        systemClock.setTimer(() => check(this), everyMs)
      )
    }
    prototype.sendSocketRequest = function (this: RequestQueue, request: unknown): void {
      sendSocketRequest.call(this, request)
      this.scheduleRequestTimeoutCheck()
    }
    prototype.destroy = function (this: RequestQueue): void {
      timers.get(this)?.cancel()
      timers.delete(this)
      destroy.call(this)
    }
  }
}
