/**
 * @module The fare of a trip. Each line is rounded half up once and the total is the sum of the
 * lines, so a receipt always adds up. Surge multiplies base, distance and time, never the
 * booking fee, and is computed from the rounded lines a rider can see.
 */

import { divideHalfUp } from './money.ts'
import type { Fare } from './records.ts'
import type { Tariff } from './tariffs.ts'

/** Millimetres in an international mile. */
const mileMillimeters = 1_609_344

/** The longest trip that is priced, in road metres: about 1,000 km. */
export const tripMetersMax = 1_000_000
/** The longest trip that is priced, in seconds: a day. */
export const tripSecondsMax = 86_400
/** The highest multiplier a fare accepts, in percent. */
export const surgePercentMax = 1_000

/** What a fare is computed from. */
export type FareInput = {
  /** Road metres, rounded to whole metres here. */
  distanceMeters: number
  /** Seconds, rounded to whole seconds here. */
  durationSeconds: number
  /** Whole percent, 100 = no surge. */
  surgePercent: number
  tariff: Tariff
}

/**
 * Prices a trip.
 * Worked example (default tariff): 5,000 m, 900 s, 150 % gives base 255 + distance 544 + time 525
 * + surge 662 + booking 275 = 2,261 cents.
 * @throws RangeError when a quantity is out of range, since no fare could be right then
 */
export function quoteFare(input: FareInput): Fare {
  const { surgePercent, tariff } = input
  const distanceMeters = wholeWithin('distanceMeters', input.distanceMeters, 0, tripMetersMax)
  const durationSeconds = wholeWithin('durationSeconds', input.durationSeconds, 0, tripSecondsMax)
  if (!Number.isInteger(surgePercent)) {
    throw new RangeError(`expected a whole surgePercent, got ${surgePercent}`)
  }
  wholeWithin('surgePercent', surgePercent, 100, surgePercentMax)

  const baseMinor = tariff.baseMinor
  const distanceMinor = divideHalfUp(tariff.perMileMinor * distanceMeters * 1000, mileMillimeters)
  const timeMinor = divideHalfUp(tariff.perMinuteMinor * durationSeconds, 60)
  const meteredMinor = baseMinor + distanceMinor + timeMinor
  const surgeMinor = divideHalfUp(meteredMinor * (surgePercent - 100), 100)
  const bookingMinor = tariff.bookingMinor
  const subtotalMinor = meteredMinor + surgeMinor + bookingMinor
  const minimumTopUpMinor = Math.max(0, tariff.minimumMinor - subtotalMinor)
  return {
    currency: tariff.currency,
    baseMinor,
    distanceMinor,
    timeMinor,
    surgeMinor,
    bookingMinor,
    minimumTopUpMinor,
    totalMinor: subtotalMinor + minimumTopUpMinor,
    distanceMeters,
    durationSeconds,
    surgePercent
  }
}

/** The sum of a fare's lines; equals `totalMinor` for every fare {@link quoteFare} made. */
export function sumOfLines(fare: Fare): number {
  return (
    fare.baseMinor +
    fare.distanceMinor +
    fare.timeMinor +
    fare.surgeMinor +
    fare.bookingMinor +
    fare.minimumTopUpMinor
  )
}

function wholeWithin(name: string, value: number, min: number, max: number): number {
  if (!(value >= min && value <= max)) {
    throw new RangeError(`expected ${name} within ${min}..${max}, got ${value}`)
  }
  return Math.round(value)
}
