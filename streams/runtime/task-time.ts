/**
 * @module Task time: min(wall clock, timestamp of the oldest unread input), never going back. It
 * makes a record stamped before a deadline win over the deadline's timer, after any outage.
 *
 * Example: a timer is due at 100; unread records are stamped 90 and 120. Task time goes to 90 (the
 * record is handled), then the timer fires, then task time goes to 120.
 */
import type { Frontier } from './input-buffer.ts'

export class TaskTime {
  #taskMs: number
  #streamMs: number

  constructor(start: { taskMs: number; streamMs: number }) {
    this.#taskMs = start.taskMs
    this.#streamMs = start.streamMs
  }

  get taskMs(): number {
    return this.#taskMs
  }

  get streamMs(): number {
    return this.#streamMs
  }

  /** Moves to the time of the record about to be handled. */
  beforeRecord(timestampMs: number, others: Frontier, wallMs: number): void {
    this.#taskMs = Math.max(this.#taskMs, Math.min(wallMs, timestampMs, others.ms))
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
