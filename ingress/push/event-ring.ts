/**
 * Recent ride events by ride, from whatever instance they were caused: a client that lost its
 * connection, here or elsewhere, gets what it missed from here. Values stay encoded, about 250 bytes
 * each. Bounded in rides, events of a ride and bytes; the ride that was quiet for longest goes first.
 *
 * Of each ride the ring holds a dense run of `seq`. Open rides are also found by their customer and
 * their driver, since the stores trail the log by one apply, or may be empty for a while.
 *
 * @module
 */
import type { RideEventType, RideStatus } from '../../avro/index.ts'
import { isEndedStatus } from '../../domain/index.ts'

/** An event as it is remembered; `value` is owned by the ring. */
export type RingEvent = {
  readonly rideId: string
  readonly seq: number
  readonly type: RideEventType
  readonly status: RideStatus
  readonly customerId: string
  readonly driverId: string | null
  readonly value: Buffer
}

/** Who takes part in rides, or the ride itself. */
export type Party = `customer:${string}` | `driver:${string}` | `ride:${string}`

/** Bounds. */
export type RingLimits = { ridesMax: number; eventsMax: number; bytesMax: number }

/** Map entries, strings and the event object around a value, measured roughly. */
const overheadBytes = 300

/** See the module. */
export class EventRing {
  readonly #limits: RingLimits
  /** In the order of their last event. */
  readonly #runs = new Map<string, RingEvent[]>()
  readonly #openByParty = new Map<Party, Set<string>>()
  #bytes = 0
  #events = 0

  constructor(limits: RingLimits) {
    this.#limits = limits
  }

  /** False for an event that was there before. One that leaves a gap starts its ride anew. */
  add(event: RingEvent): boolean {
    const { rideId, seq } = event
    const known = this.#runs.get(rideId)
    const last = known?.at(-1)
    if (last !== undefined && seq <= last.seq) return false
    if (last !== undefined && seq > last.seq + 1) this.forget(rideId)
    const run = this.#runs.get(rideId) ?? []
    this.#unindex(run.at(-1))
    run.push(event)
    this.#count(event, 1)
    if (run.length > this.#limits.eventsMax) this.#count(run.shift() as RingEvent, -1)
    this.#runs.delete(rideId)
    this.#runs.set(rideId, run)
    this.#index(event)
    this.#evict()
    return true
  }

  /** Events after `seq`; null when they are not all here. Empty for who is ahead of the ring. */
  after(rideId: string, seq: number): readonly RingEvent[] | null {
    const run = this.#runs.get(rideId)
    const first = run?.[0]
    if (run === undefined || first === undefined || first.seq > seq + 1) return null
    return run.slice(Math.max(0, seq + 1 - first.seq))
  }

  /** Events from `seq` on, as far back as the ring has them. */
  from(rideId: string, seq: number): readonly RingEvent[] {
    return (this.#runs.get(rideId) ?? []).filter((event) => event.seq >= seq)
  }

  /** The event with exactly this number. */
  at(rideId: string, seq: number): RingEvent | null {
    const run = this.#runs.get(rideId)
    const first = run?.[0]
    return first === undefined ? null : (run?.[seq - first.seq] ?? null)
  }

  last(rideId: string): RingEvent | null {
    return this.#runs.get(rideId)?.at(-1) ?? null
  }

  /** Open rides of a customer, or those a driver is on. */
  openRidesOf(party: Party): readonly string[] {
    return [...(this.#openByParty.get(party) ?? [])]
  }

  forget(rideId: string): void {
    const run = this.#runs.get(rideId)
    if (run === undefined) return
    this.#unindex(run.at(-1))
    for (const event of run) this.#count(event, -1)
    this.#runs.delete(rideId)
  }

  /** Forgets rides whose events were skipped: what is left of them would not be dense. */
  forgetWhere(isSkipped: (rideId: string) => boolean): void {
    for (const rideId of [...this.#runs.keys()]) if (isSkipped(rideId)) this.forget(rideId)
  }

  get size(): { rides: number; events: number; bytes: number } {
    return { rides: this.#runs.size, events: this.#events, bytes: this.#bytes }
  }

  #evict(): void {
    const { ridesMax, bytesMax } = this.#limits
    for (const rideId of this.#runs.keys()) {
      const isOver = this.#runs.size > ridesMax || this.#bytes > bytesMax
      if (!isOver || this.#runs.size === 1) return
      this.forget(rideId)
    }
  }

  #count({ value }: RingEvent, sign: 1 | -1): void {
    this.#bytes += sign * (value.length + overheadBytes)
    this.#events += sign
  }

  #index(event: RingEvent): void {
    if (isEndedStatus(event.status)) return
    for (const party of partiesOf(event)) {
      const rides = this.#openByParty.get(party)
      if (rides === undefined) this.#openByParty.set(party, new Set([event.rideId]))
      else rides.add(event.rideId)
    }
  }

  #unindex(event: RingEvent | undefined): void {
    if (event === undefined) return
    for (const party of partiesOf(event)) {
      const rides = this.#openByParty.get(party)
      rides?.delete(event.rideId)
      if (rides?.size === 0) this.#openByParty.delete(party)
    }
  }
}

/** The parties of a ride as an event has them. */
export const partiesOf = (event: {
  readonly customerId: string
  readonly driverId: string | null
}): Party[] =>
  event.driverId === null
    ? [`customer:${event.customerId}`]
    : [`customer:${event.customerId}`, `driver:${event.driverId}`]
