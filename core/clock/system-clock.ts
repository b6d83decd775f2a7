/**
 * The real clock of the process.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { type Clock, sleepWith, type TimerHandle } from './clock.ts'

/** Node fires longer timeouts at once, so longer waits are made of several. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1

function setTimer(fire: () => void, delayMs: number): TimerHandle {
  let remainingMs = Math.max(0, delayMs)
  let timeout: NodeJS.Timeout
  const arm = (): void => {
    const stepMs = Math.min(remainingMs, TIMEOUT_MS_MAX)
    remainingMs -= stepMs
    timeout = setTimeout(remainingMs > 0 ? arm : fire, stepMs)
  }
  arm()
  return { cancel: () => clearTimeout(timeout) }
}

/** Wall clock, timers and cryptographic randomness of this process. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer,
  sleep: (delayMs, signal) => sleepWith(setTimer, delayMs, signal),
  random: () => Math.random(),
  randomBytes: (count) => randomBytes(count)
}
