/**
 * What a client of push keeps: the last number of each ride, and what it says. It also judges the
 * server, as its numbers allow it to: events of a ride come one by one, none missing, none twice, over
 * any number of connections; where events were left out, a snapshot says so.
 *
 * @module
 */

import { recordOf } from './json-record.ts'

/** A frame as it comes. */
export type PushFrame = Readonly<Record<string, unknown>> & { readonly type: string }

/** A ride as a client knows it. */
export type BookedRide = {
  readonly seq: number
  readonly status: string
  readonly document: Readonly<Record<string, unknown>>
}

/** Statuses no ride leaves, in lower case. */
const endedStatuses = new Set(['completed', 'cancelled', 'no_drivers_available', 'rejected'])
/** Ended rides kept unless told otherwise, as a rating may still come. */
const endedMaxDefault = 20
/** Broken promises remembered by their words; the rest is counted. */
const anomaliesMax = 100

/** See the module. */
export class PushBook {
  /** Broken promises, as sentences. */
  readonly anomalies: string[] = []
  anomalyCount = 0
  /** Snapshots that replaced events. */
  resyncs = 0
  /** Rides that went on where the client had left them. */
  resumed = 0
  readonly #rides = new Map<string, BookedRide>()
  /** Rides the server did not show any more; one that comes back begins where it is. */
  readonly #dropped = new Set<string>()
  /** Rides asked for of which nothing was told yet; a hello names them with 0. */
  readonly #expected = new Set<string>()
  readonly #endedMax: number
  #hasSnapshot = false

  /** `endedMax` ended rides are kept. */
  constructor({ endedMax = endedMaxDefault }: { readonly endedMax?: number } = {}) {
    this.#endedMax = endedMax
  }

  /** A ride was accepted: its first event is to come. */
  expect(rideId: string): void {
    if (!this.#rides.has(rideId)) this.#expected.add(rideId)
  }

  /** A new connection begins: what its hello says. */
  connect(): Record<string, number> {
    this.#hasSnapshot = false
    const expected = [...this.#expected].map((rideId): [string, number] => [rideId, 0])
    return { ...Object.fromEntries(expected), ...this.seqs }
  }

  ride(rideId: string): BookedRide | undefined {
    return this.#rides.get(rideId)
  }

  /** Last numbers by ride. */
  get seqs(): Record<string, number> {
    return Object.fromEntries([...this.#rides].map(([rideId, { seq }]) => [rideId, seq]))
  }

  /** Takes a frame in the order of arrival. */
  take(frame: PushFrame): void {
    switch (frame.type) {
      case 'heartbeat':
        return
      case 'snapshot':
        this.#takeSnapshot(frame)
        return
      case 'ride':
      case 'offer':
      case 'assignment':
        this.#takeEvent(frame)
        return
      default:
        if (!this.#hasSnapshot) this.#note(`${frame.type} came before the snapshot`)
    }
  }

  #takeSnapshot(frame: PushFrame): void {
    this.#hasSnapshot = true
    const isResync = frame['resync'] === true
    if (isResync) this.resyncs += 1
    const told = new Set<string>()
    for (const [rideId, seq] of Object.entries(recordOf(frame['resumed']))) {
      told.add(rideId)
      const known = this.#seqOf(rideId)
      this.resumed += 1
      if (known !== seq) this.#note(`${rideId} resumed after ${seq}, known is ${known}`)
    }
    for (const ride of listOf(frame['rides'])) {
      const { rideId, seq } = ride
      if (typeof rideId !== 'string' || typeof seq !== 'number') continue
      told.add(rideId)
      const known = this.#rides.get(rideId)?.seq ?? 0
      if (seq < known) this.#note(`${rideId} went back from ${known} to ${seq}`)
      if (known > 0 && seq > known && !isResync) {
        this.#note(`${rideId} jumped from ${known} to ${seq} without a resync`)
      }
      this.#keep(rideId, ride)
    }
    for (const rideId of frame['dropped'] as string[]) {
      told.add(rideId)
      this.#rides.delete(rideId)
      this.#expected.delete(rideId)
      this.#dropped.add(rideId)
    }
    for (const [rideId, { status }] of this.#rides) {
      const isForgotten = !told.has(rideId) && !endedStatuses.has(status)
      if (isForgotten) this.#note(`${rideId} is not in the snapshot`)
    }
  }

  #takeEvent(frame: PushFrame): void {
    const { rideId, seq, event, type } = frame
    if (typeof rideId !== 'string' || typeof seq !== 'number') {
      this.#note(`${type} without ride or number`)
      return
    }
    if (!this.#hasSnapshot) this.#note(`${type} of ${rideId} came before the snapshot`)
    const known = this.#seqOf(rideId)
    if (known === undefined) {
      // The first a client hears of a ride: its request, an offer, or the rating of an old one.
      const isBeginning =
        seq === 1 || type === 'offer' || event === 'ride_rated' || this.#dropped.has(rideId)
      if (!isBeginning) this.#note(`${rideId} begins with ${seq} ${String(event)}`)
    } else if (seq <= known) this.#note(`${rideId} told ${seq} again after ${known}`)
    else if (seq > known + 1) this.#note(`${rideId} skipped from ${known} to ${seq}`)
    if (type === 'assignment') this.#rides.delete(rideId)
    else this.#keep(rideId, { ...recordOf(frame['assignment']), ...recordOf(frame['ride']), seq })
  }

  #keep(rideId: string, document: Readonly<Record<string, unknown>>): void {
    const { seq, status } = document
    this.#expected.delete(rideId)
    this.#rides.delete(rideId)
    this.#rides.set(rideId, {
      seq: typeof seq === 'number' ? seq : 0,
      status: typeof status === 'string' ? status : '',
      document
    })
    const ended = [...this.#rides].filter((entry) => endedStatuses.has(entry[1].status))
    if (ended.length > this.#endedMax) this.#rides.delete(ended[0]?.[0] ?? '')
  }

  #seqOf(rideId: string): number | undefined {
    return this.#rides.get(rideId)?.seq ?? (this.#expected.has(rideId) ? 0 : undefined)
  }

  #note(sentence: string): void {
    this.anomalyCount += 1
    if (this.anomalies.length < anomaliesMax) this.anomalies.push(sentence)
  }
}

function listOf(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map(recordOf) : []
}
