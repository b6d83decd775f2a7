/**
 * @module Task time: min(wall clock, timestamp of the oldest unread input), never going back. It
 * makes a record stamped before a deadline win over the deadline's timer, after any outage.
 *
 * Example: a timer is due at 100; unread records are stamped 90 and 120. Task time goes to 90 (the
 * record is handled), then the timer fires, then task time goes to 120.
 */
import type { Frontier } from './input-buffer.ts'

export interface TaskTimeStart {
  readonly taskMs: number
  readonly streamMs: number
  /** False: window time is stream time. */
  readonly closeOnIdle: boolean
}

export class TaskTime {
  #taskMs: number
  #streamMs: number
  readonly #closeOnIdle: boolean

  constructor({ taskMs, streamMs, closeOnIdle }: TaskTimeStart) {
    this.#taskMs = taskMs
    this.#streamMs = streamMs
    this.#closeOnIdle = closeOnIdle
  }

  get taskMs(): number {
    return this.#taskMs
  }

  get streamMs(): number {
    return this.#streamMs
  }

  /** What windows and TTLs go by: stream time, or task time where that went ahead in idle input. */
  get windowMs(): number {
    return windowTimeMs({
      taskMs: this.#taskMs,
      streamMs: this.#streamMs,
      closeOnIdle: this.#closeOnIdle
    })
  }

  /** Window time as it will be once task time has gone as far as the unread inputs allow. */
  windowMsAt(frontier: Frontier, wallMs: number): number {
    if (!this.#closeOnIdle) return this.#streamMs
    return Math.max(this.windowMs, Math.min(wallMs, frontier.ms))
  }

  /** Moves to the time of the record about to be handled. */
  beforeRecord(timestampMs: number, frontierMs: number, wallMs: number): void {
    this.#taskMs = Math.max(this.#taskMs, Math.min(wallMs, timestampMs, frontierMs))
    this.#streamMs = Math.max(this.#streamMs, timestampMs)
  }

  /** Moves as far as the unread inputs allow. */
  idle(frontier: Frontier, wallMs: number): void {
    this.#taskMs = Math.max(this.#taskMs, Math.min(wallMs, frontier.ms))
  }

  /** True when a timer due at `dueMs` may fire: no unread record can bear that time or an earlier one. */
  isPast(dueMs: number, frontier: Frontier, wallMs: number): boolean {
    if (dueMs > wallMs) return false
    return frontier.isOpen ? dueMs < frontier.ms : dueMs <= frontier.ms
  }
}

/** Window time of a task that stands at these times. */
export function windowTimeMs({ taskMs, streamMs, closeOnIdle }: TaskTimeStart): number {
  return closeOnIdle ? Math.max(streamMs, taskMs) : streamMs
}
