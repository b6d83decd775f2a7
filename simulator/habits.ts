/**
 * How people behave: shares of riders and drivers who do something else than ride and drive. Shares
 * are of one decision each, 0..1; the rest does what the service hopes for.
 *
 * @module
 */
import type { Dice } from './dice.ts'

/** What a driver does with an offer. */
export type OfferAnswer = 'accept' | 'decline' | 'ignore' | 'leave'

/** What a driver does on the way to the pickup, beside driving. */
export type TripManner = 'drive' | 'cancel' | 'startTooEarly' | 'poached'

/** What a rider has in mind. */
export type RiderPlan = 'ride' | 'cancelWaiting' | 'cancelLate' | 'noShow'

/** All shares. */
export type Habits = {
  readonly offers: Readonly<Record<OfferAnswer, number>>
  readonly trips: Readonly<Record<TripManner, number>>
  readonly riders: Readonly<Record<RiderPlan, number>>
  /** Drivers who go offline for a while after a trip. */
  readonly breakShare: number
  /** Riders who ask for a price first. */
  readonly quoteShare: number
  /** Riders who rate after the trip. */
  readonly rateShare: number
  /** Requests by a customer who has as many open rides as possible already. */
  readonly greedyShare: number
}

/** A working day with everything that goes wrong on it. */
export const usualHabits: Habits = {
  offers: { decline: 0.05, ignore: 0.03, leave: 0.01, accept: 0.91 },
  trips: { cancel: 0.04, startTooEarly: 0.03, poached: 0.02, drive: 0.91 },
  riders: { cancelWaiting: 0.04, cancelLate: 0.06, noShow: 0.01, ride: 0.89 },
  breakShare: 0.05,
  quoteShare: 0.5,
  rateShare: 0.3,
  greedyShare: 0.01
}

/** How this driver answers this offer. */
export function answerOf(habits: Habits, dice: Dice): OfferAnswer {
  return dice.choose(habits.offers, 'accept')
}

/** How this driver does this trip. */
export function mannerOf(habits: Habits, dice: Dice): TripManner {
  return dice.choose(habits.trips, 'drive')
}

/** What this rider has in mind with this ride. */
export function planOf(habits: Habits, dice: Dice): RiderPlan {
  return dice.choose(habits.riders, 'ride')
}
