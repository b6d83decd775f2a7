/**
 * @module The lines of a bill and how its total is split between driver and platform.
 */

import { sumOfLines } from './fares.ts'
import { divideHalfUp } from './money.ts'
import type { BillingTask, BillLine, Fare } from './records.ts'
import { type Tariff, usdTariff } from './tariffs.ts'

/** The reason a no-show bill carries in its task; other fees are for a late cancellation. */
export const noShowReason = 'no_show'

/** What bill rules read of a task. */
export type BillableTask = Pick<BillingTask, 'kind' | 'driverId' | 'fare' | 'feeMinor' | 'reason'>

/** How a bill's total is divided; both parts add up to the total. */
export type Earnings = { driverEarningsMinor: number; platformMinor: number }

/**
 * The lines of the bill for a task, in the order of a receipt; zero lines are left out.
 * @throws RangeError when the fare does not add up or a fee task carries no fee: such a bill
 *   must not be issued
 */
export function billLines(task: BillableTask): BillLine[] {
  return task.kind === 'TRIP' ? tripLines(task.fare) : [feeLine(task)]
}

/** The sum of bill lines in minor units. */
export function totalOfLines(lines: readonly BillLine[]): number {
  return lines.reduce((sum, line) => sum + line.amountMinor, 0)
}

/**
 * Splits the total of a task's bill. The driver's part is rounded half up, the platform gets the
 * rest, so nothing is lost to rounding. Without a driver all goes to the platform.
 * Worked example (default shares): a trip of 2,261 with 275 booking fee leaves 1,986 to share, of
 * which 75 % = 1,489.5 -> 1,490 are the driver's and 771 the platform's.
 * @throws RangeError as {@link billLines}
 */
export function splitEarnings(
  task: BillableTask,
  shares: Pick<Tariff, 'driverSharePercent' | 'driverFeeSharePercent'> = usdTariff
): Earnings {
  const totalMinor = totalOfLines(billLines(task))
  if (task.driverId === null) return { driverEarningsMinor: 0, platformMinor: totalMinor }
  const driverEarningsMinor =
    task.kind === 'TRIP'
      ? divideHalfUp((totalMinor - task.fare.bookingMinor) * shares.driverSharePercent, 100)
      : divideHalfUp(totalMinor * shares.driverFeeSharePercent, 100)
  return { driverEarningsMinor, platformMinor: totalMinor - driverEarningsMinor }
}

function tripLines(fare: Fare): BillLine[] {
  if (sumOfLines(fare) !== fare.totalMinor) {
    throw new RangeError(
      `expected fare lines to add up to ${fare.totalMinor}, got ${sumOfLines(fare)}`
    )
  }
  const miles = (fare.distanceMeters / 1609.344).toFixed(2)
  const minutes = (fare.durationSeconds / 60).toFixed(1)
  const multiplier = (fare.surgePercent / 100).toFixed(2)
  const lines: BillLine[] = [
    { code: 'base', label: 'Base fare', amountMinor: fare.baseMinor },
    { code: 'distance', label: `Distance, ${miles} miles`, amountMinor: fare.distanceMinor },
    { code: 'time', label: `Time, ${minutes} minutes`, amountMinor: fare.timeMinor },
    {
      code: 'surge',
      label: `High demand, ${multiplier} times base, distance and time`,
      amountMinor: fare.surgeMinor
    },
    { code: 'booking', label: 'Booking fee', amountMinor: fare.bookingMinor },
    { code: 'minimum', label: 'Up to the minimum fare', amountMinor: fare.minimumTopUpMinor }
  ]
  return lines.filter((line) => line.amountMinor !== 0)
}

function feeLine(task: BillableTask): BillLine {
  const { feeMinor } = task
  if (feeMinor === null || !Number.isSafeInteger(feeMinor) || feeMinor < 0) {
    throw new RangeError(`expected a fee of zero or more on a fee task, got ${feeMinor}`)
  }
  return task.reason === noShowReason
    ? { code: 'no_show_fee', label: 'No-show fee', amountMinor: feeMinor }
    : { code: 'cancellation_fee', label: 'Cancellation fee', amountMinor: feeMinor }
}
