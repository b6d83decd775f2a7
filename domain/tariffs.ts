/**
 * @module Tariffs: what a market charges. Rates are whole minor units, so every line of a fare
 * is a quotient of integers.
 */

/** Prices and shares of one market. */
export type Tariff = {
  /** ISO 4217 code. */
  readonly currency: string
  /** Charged once per trip. */
  readonly baseMinor: number
  /** Per international mile (1,609.344 m) of road. */
  readonly perMileMinor: number
  readonly perMinuteMinor: number
  /** The platform's own fee; surge does not multiply it and the driver has no share in it. */
  readonly bookingMinor: number
  /** The least total of a trip, booking fee included. */
  readonly minimumMinor: number
  readonly cancellationFeeMinor: number
  readonly noShowFeeMinor: number
  /** The driver's part of a trip's total without the booking fee, 0..100. */
  readonly driverSharePercent: number
  /** The driver's part of a cancellation or no-show fee, 0..100. */
  readonly driverFeeSharePercent: number
}

/** The default tariff in US dollars: 2.55 + 1.75 a mile + 0.35 a minute + 2.75, at least 8.00. */
export const usdTariff: Tariff = {
  currency: 'USD',
  baseMinor: 255,
  perMileMinor: 175,
  perMinuteMinor: 35,
  bookingMinor: 275,
  minimumMinor: 800,
  cancellationFeeMinor: 500,
  noShowFeeMinor: 500,
  driverSharePercent: 75,
  driverFeeSharePercent: 80
}
