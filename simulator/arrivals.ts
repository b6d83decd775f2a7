/**
 * When which ride is asked for. Recorded trips are replayed in their order, at random times of a
 * given mean rate (a Poisson process with the number of its events fixed, so that a run has exactly
 * the requests it was told to have). A few requests are made to fail: from a served place that no
 * driver can reach, and from a place that is not served at all.
 *
 * @module
 */
import { distanceMeters, type Point, roadFactor } from '../domain/index.ts'
import { createDice, type Dice } from './dice.ts'
import type { RecordedTrip } from './places-file.ts'

/** Where a request comes from. */
export type ArrivalKind = 'recorded' | 'remote' | 'unserved'

/** One request to come. */
export type Arrival = {
  /** Since the start of the load, ms. */
  readonly atMs: number
  readonly kind: ArrivalKind
  readonly pickup: Point
  readonly dropoff: Point
}

/** What arrivals depend on. */
export type ArrivalOptions = {
  readonly trips: readonly RecordedTrip[]
  readonly seconds: number
  /** Mean requests a second. */
  readonly rate: number
  readonly seed: number
  /** Longer trips are left out, straight metres: a demo has to end. */
  readonly tripMetersMax: number
  /** Shares of requests made to fail, 0..1, and where they come from. */
  readonly remote: { readonly share: number; readonly place: Point }
  readonly unserved: { readonly share: number; readonly place: Point }
}

/** The arrivals in the order of time, and how many recorded trips were too long. */
export type Arrivals = { readonly list: readonly Arrival[]; readonly tooLong: number }

/** @throws RangeError when no trip is short enough */
export function planArrivals(options: ArrivalOptions): Arrivals {
  const { trips, seconds, rate, seed, tripMetersMax } = options
  const dice = createDice(seed, 500_000)
  const count = Math.max(1, Math.round(seconds * rate))
  const usable = trips.filter(
    ({ pickup, dropoff }) => distanceMeters(pickup, dropoff) <= tripMetersMax
  )
  if (usable.length === 0) {
    throw new RangeError(`expected a trip of at most ${Math.round(tripMetersMax)} m, got none`)
  }
  const times = Array.from({ length: count }, () => dice.between(0, seconds * 1_000))
  times.sort((a, b) => a - b)
  const list = times.map((atMs, index) => {
    const trip = usable[index % usable.length] as RecordedTrip
    return { atMs, ...placesOf(trip, dice, options) }
  })
  return { list, tooLong: trips.length - usable.length }
}

/** The longest straight trip that takes `wallSeconds` at a speed of the sped-up world. */
export function tripMetersWithin(wallSeconds: number, roadMetersPerSecond: number): number {
  return (wallSeconds * roadMetersPerSecond) / roadFactor
}

function placesOf(
  trip: RecordedTrip,
  dice: Dice,
  { remote, unserved }: ArrivalOptions
): Omit<Arrival, 'atMs'> {
  const kind = dice.choose<ArrivalKind>(
    { remote: remote.share, unserved: unserved.share, recorded: 0 },
    'recorded'
  )
  if (kind === 'recorded') return { kind, ...trip }
  const to = kind === 'remote' ? remote.place : unserved.place
  // Spread over some blocks, so that such requests do not pile up on one spot.
  const pickup = { lat: to.lat + dice.between(0, 0.01), lon: to.lon + dice.between(0, 0.01) }
  return { kind, pickup, dropoff: { lat: pickup.lat + 0.01, lon: pickup.lon + 0.01 } }
}
