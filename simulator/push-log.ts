/**
 * What the phones of a simulation heard by push, and when: one log for all of them.
 *
 * @module
 */
import type { PushFrame } from './push-book.ts'

/** A ride event that reached a phone. Times are epoch ms. */
export type PushArrival = {
  readonly rideId: string
  readonly seq: number
  /** When it happened, as the event says. */
  readonly eventAtMs: number
  readonly arrivedAtMs: number
}

/** See the module. A simulation has a few events a ride and ends; nothing here is trimmed. */
export class PushLog {
  readonly arrivals: PushArrival[] = []
  /** Time from measuring a position to its arrival, ms. */
  readonly positionLatenessMs: number[] = []
  readonly #frames = new Map<string, number>()
  readonly #closes = new Map<number, number>()
  connects = 0
  /** Connections after a phone's first. */
  reconnects = 0
  /** Upgrades that were refused or never answered. */
  failures = 0
  /** Polls by phones whose connection was live: what push did not tell in time. */
  pollsWhileLive = 0
  /** Polls in place of push. */
  pollsWhileDown = 0

  note(frame: PushFrame, atMs: number): void {
    this.#frames.set(frame.type, (this.#frames.get(frame.type) ?? 0) + 1)
    const { type, rideId, seq, at } = frame
    if (typeof at !== 'number') return
    if (type === 'position') this.positionLatenessMs.push(Math.max(0, atMs - at))
    if (typeof rideId === 'string' && typeof seq === 'number') {
      this.arrivals.push({ rideId, seq, eventAtMs: at, arrivedAtMs: atMs })
    }
  }

  noteClose(code: number): void {
    this.#closes.set(code, (this.#closes.get(code) ?? 0) + 1)
  }

  get frames(): Record<string, number> {
    return Object.fromEntries(this.#frames)
  }

  get closes(): Record<string, number> {
    return Object.fromEntries(this.#closes)
  }
}
