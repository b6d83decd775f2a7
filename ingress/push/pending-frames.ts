/**
 * What a connection keeps of frames that the ring does not have: outcomes of actions, a bounded few, and
 * the latest position of each ride it knows.
 *
 * @module
 */
import type { Frame } from './frames.ts'

/** Sends a frame; false when it was not taken. */
type Send = (frame: Frame) => boolean

/** See the module. */
export class PendingFrames {
  readonly #actionsMax: number
  readonly #positions = new Map<string, { driverId: string; frame: Frame }>()
  #actions: Frame[] = []

  constructor(actionsMax: number) {
    this.#actionsMax = actionsMax
  }

  get hasActions(): boolean {
    return this.#actions.length > 0
  }

  /** False when there were too many: then none are left. */
  addAction(frame: Frame): boolean {
    this.#actions.push(frame)
    if (this.#actions.length <= this.#actionsMax) return true
    this.#actions = []
    return false
  }

  /** Whether it replaced an earlier one. */
  setPosition(rideId: string, driverId: string, frame: Frame): boolean {
    const isReplaced = this.#positions.has(rideId)
    this.#positions.set(rideId, { driverId, frame })
    return isReplaced
  }

  /** Whether all of them are sent. */
  flushActions(send: Send): boolean {
    while (this.#actions[0] !== undefined) {
      if (!send(this.#actions[0])) return false
      this.#actions.shift()
    }
    return true
  }

  /** Sends those still wanted, as far as they are taken. */
  flushPositions(send: Send, isWanted: (rideId: string, driverId: string) => boolean): void {
    for (const [rideId, { driverId, frame }] of this.#positions) {
      if (isWanted(rideId, driverId) && !send(frame)) return
      this.#positions.delete(rideId)
    }
  }

  clearPositions(): void {
    this.#positions.clear()
  }

  clear(): void {
    this.#positions.clear()
    this.#actions = []
  }
}
