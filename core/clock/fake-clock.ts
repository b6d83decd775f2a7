/**
 * A clock that moves only by hand. `advance` fires due timers in the order of their due time (and
 * of their setting, when equal), and lets everything that can run without time run in between, so
 * a chain such as "timer -> await -> timer" unfolds as it would on the real clock.
 *
 * @module
 */

import { type Clock, sleepWith, type TimerHandle } from './clock.ts'
import { createSeededRandom } from './random.ts'

/** A clock for tests. */
export type FakeClock = Clock & {
  /** Moves time forward by `ms` >= 0, firing what falls due on the way. */
  advance(ms: number): Promise<void>
  /** Lets pending promises run without moving time. */
  settle(): Promise<void>
  /** Timers set and neither fired nor cancelled. */
  timerCount(): number
}

type Timer = { readonly dueMs: number; readonly order: number; readonly fire: () => void }

/** Starts at `startMs` (epoch milliseconds); `seed` fixes `random` and `randomBytes`. */
export function createFakeClock(startMs: number, seed = 1): FakeClock {
  const timers = new Set<Timer>()
  const random = createSeededRandom(seed)
  let nowMs = startMs
  let order = 0

  const setTimer = (fire: () => void, delayMs: number): TimerHandle => {
    const timer = { dueMs: nowMs + Math.max(0, delayMs), order: order++, fire }
    timers.add(timer)
    return { cancel: () => void timers.delete(timer) }
  }

  const advance = async (ms: number): Promise<void> => {
    const targetMs = nowMs + Math.max(0, ms)
    await settle()
    for (let timer = earliest(timers); timer !== null; timer = earliest(timers)) {
      if (timer.dueMs > targetMs) break
      timers.delete(timer)
      nowMs = Math.max(nowMs, timer.dueMs)
      timer.fire()
      await settle()
    }
    nowMs = Math.max(nowMs, targetMs)
    await settle()
  }

  return {
    now: () => nowMs,
    monotonic: () => nowMs - startMs,
    setTimer,
    sleep: (delayMs, signal) => sleepWith(setTimer, delayMs, signal),
    random: () => random.next(),
    randomBytes: (count) => Buffer.from(Array.from({ length: count }, () => random.word() >>> 24)),
    advance,
    settle,
    timerCount: () => timers.size
  }
}

/** The event loop runs all promise jobs before an immediate, however deep they chain. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

function earliest(timers: ReadonlySet<Timer>): Timer | null {
  let best: Timer | null = null
  for (const timer of timers) {
    if (best === null || timer.dueMs < best.dueMs) best = timer
    else if (timer.dueMs === best.dueMs && timer.order < best.order) best = timer
  }
  return best
}
