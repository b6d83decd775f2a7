/**
 * @module A task's durable timers: one queue for each clock, and which of them may fire next.
 */
import type { Frontier } from './input-buffer.ts'
import type { Timer, TimerClock } from './processor.ts'
import type { TaskTime } from './task-time.ts'
import { TimerQueue } from './timer-queue.ts'

/** When timers are looked at: the wall clock and what is known of unread input. */
export interface Moment {
  readonly wallMs: number
  readonly frontier: Frontier
}

export class Timers {
  readonly #time: TaskTime
  readonly #queues: Readonly<Record<TimerClock, TimerQueue>>

  /** @param stored the stored timer of an id, or undefined when it was cancelled */
  constructor(time: TaskTime, stored: (id: string) => Timer | undefined) {
    const queue = (clock: TimerClock): TimerQueue =>
      new TimerQueue((id) => {
        const timer = stored(id)
        return timer?.clock === clock ? timer : undefined
      })
    this.#time = time
    this.#queues = { task: queue('task'), stream: queue('stream'), wall: queue('wall') }
  }

  add(timer: Timer): void {
    this.#queues[timer.clock].add(timer)
  }

  /** The earliest timer that may fire, left in place. */
  due(moment: Moment): Timer | undefined {
    let first: Timer | undefined
    for (const queue of Object.values(this.#queues)) {
      const timer = queue.peek()
      if (timer === undefined || !this.#isPast(timer, moment)) continue
      if (first === undefined || timer.dueMs < first.dueMs) first = timer
    }
    return first
  }

  /**
   * Timers that may fire in this batch, to read their keys ahead: at most `limit` for each clock.
   * @param latestMs highest timestamp of the batch's records, epoch ms
   */
  soon(wallMs: number, latestMs: number, limit: number): Timer[] {
    const streamMs = Math.max(this.#time.streamMs, latestMs)
    return [
      ...this.#queues.task.dueBy(wallMs, limit),
      ...this.#queues.stream.dueBy(streamMs, limit),
      ...this.#queues.wall.dueBy(wallMs, limit)
    ]
  }

  /** Wall clock of the next timer, whether input allows it yet or not; +Infinity when there is none. */
  get nextMs(): number {
    return Math.min(
      this.#queues.task.peek()?.dueMs ?? Number.POSITIVE_INFINITY,
      this.#queues.wall.peek()?.dueMs ?? Number.POSITIVE_INFINITY
    )
  }

  #isPast(timer: Timer, { wallMs, frontier }: Moment): boolean {
    if (timer.clock === 'wall') return timer.dueMs <= wallMs
    if (timer.clock === 'stream') return timer.dueMs <= this.#time.streamMs
    return this.#time.isPast(timer.dueMs, frontier, wallMs)
  }
}
