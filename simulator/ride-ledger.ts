/**
 * The riders' own book of what they asked for and what they were told, kept without any look behind
 * the API. An entry counts as accepted from its 202 on, whatever happens later.
 *
 * @module
 */
import type { Point } from '../domain/index.ts'
import type { ArrivalKind } from './arrivals.ts'

/** How far a request got, as its rider knows it. */
export type EntryState = 'asking' | 'open' | 'ended' | 'refused' | 'unanswered'

/** One ride request. Times are wall clock, epoch ms. */
export type LedgerEntry = {
  readonly kind: ArrivalKind
  readonly customerId: string
  readonly pickup: Point
  readonly dropoff: Point
  /** When the first attempt of the ride request was sent. */
  sentAtMs: number
  state: EntryState
  acceptedAtMs: number | null
  rideId: string | null
  /** Status last read, in lower case. */
  status: string | null
  endedSeenAtMs: number | null
  feeMinor: number | null
  /** Status code and problem code of a refusal. */
  refusal: string | null
}

/** Entries by their state. */
export type LedgerCounts = Readonly<Record<EntryState, number>> & { readonly accepted: number }

/** See the module. */
export class RideLedger {
  readonly #entries: LedgerEntry[] = []
  readonly #byRide = new Map<string, LedgerEntry>()
  readonly #counts: Record<EntryState, number> = {
    asking: 0,
    open: 0,
    ended: 0,
    refused: 0,
    unanswered: 0
  }

  /** Opens an entry as the request is sent. */
  ask(
    of: Pick<LedgerEntry, 'kind' | 'customerId' | 'pickup' | 'dropoff' | 'sentAtMs'>
  ): LedgerEntry {
    const entry: LedgerEntry = {
      ...of,
      state: 'asking',
      acceptedAtMs: null,
      rideId: null,
      status: null,
      endedSeenAtMs: null,
      feeMinor: null,
      refusal: null
    }
    this.#entries.push(entry)
    this.#counts.asking += 1
    return entry
  }

  /** A 202 came. The same ride id twice is a broken promise of the API. */
  accept(entry: LedgerEntry, rideId: string, atMs: number): void {
    if (this.#byRide.has(rideId)) {
      throw new Error(`expected a new ride id for a new request, got ${rideId} again`)
    }
    entry.rideId = rideId
    entry.acceptedAtMs = atMs
    this.#byRide.set(rideId, entry)
    this.#move(entry, 'open')
  }

  refuse(entry: LedgerEntry, refusal: string): void {
    entry.refusal = refusal
    this.#move(entry, 'refused')
  }

  /** No answer within the rider's patience: the ride may exist or not. */
  giveUp(entry: LedgerEntry): void {
    this.#move(entry, 'unanswered')
  }

  /** Notes a status read from the API. */
  note(entry: LedgerEntry, seen: { status: string; feeMinor: number | null; atMs: number }): void {
    // Read from history after the live store was lost, a status may be older than the last one.
    if (entry.state !== 'open') return
    entry.status = seen.status
    entry.feeMinor = seen.feeMinor
    if (!isEnded(seen.status)) return
    entry.endedSeenAtMs = seen.atMs
    this.#move(entry, 'ended')
  }

  entries(): readonly LedgerEntry[] {
    return this.#entries
  }

  accepted(): LedgerEntry[] {
    return this.#entries.filter(({ rideId }) => rideId !== null)
  }

  counts(): LedgerCounts {
    return { ...this.#counts, accepted: this.#byRide.size }
  }

  /** Ended rides by their last status. */
  countEnded(status: string): number {
    return this.#entries.filter((entry) => entry.state === 'ended' && entry.status === status)
      .length
  }

  #move(entry: LedgerEntry, state: EntryState): void {
    this.#counts[entry.state] -= 1
    this.#counts[state] += 1
    entry.state = state
  }
}

/** The statuses no ride leaves. */
export const endedStatuses = ['completed', 'cancelled', 'no_drivers_available', 'rejected'] as const

/** True for a status no ride leaves. */
export function isEnded(status: string): boolean {
  return endedStatuses.some((ended) => ended === status)
}
