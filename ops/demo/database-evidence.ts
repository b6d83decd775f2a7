/**
 * The rides and bills of a run as the database has them.
 *
 * @module
 */
import { createLogger, systemClock } from '../../core/index.ts'
import { isEnded } from '../../simulator/index.ts'
import { BillModel, connectDatabase, type Database, RideModel } from '../../sinks/models/index.ts'
import type { BillFact, Evidence, KnownRide } from './evidence.ts'

/** Ids in one query. */
const idsMax = 500

/** A connection for the checks. */
export function connectForChecks(url: string): Promise<Database> {
  const logger = createLogger({ name: 'demo', level: 'error' })
  return connectDatabase({ url, logger, clock: systemClock })
}

/** What the database has of these rides. */
export async function readDatabase(rideIds: readonly string[]): Promise<Evidence['database']> {
  const rides = new Map<string, KnownRide>()
  const bills: BillFact[] = []
  for (let start = 0; start < rideIds.length; start += idsMax) {
    const ids = rideIds.slice(start, start + idsMax)
    for (const { _id, status, feeMinor } of await RideModel.find(
      { _id: { $in: ids } },
      { status: 1, feeMinor: 1 }
    ).lean()) {
      rides.set(_id, { status: status.toLowerCase(), feeMinor })
    }
    for (const { _id, rideId, kind } of await BillModel.find(
      { rideId: { $in: ids } },
      { rideId: 1, kind: 1 }
    ).lean()) {
      bills.push({ billId: _id, rideId, kind })
    }
  }
  return { rides, bills }
}

/** True when the database has all that the API's last word implies. */
export function hasCaughtUp(
  { rides, bills }: Evidence['database'],
  api: ReadonlyMap<string, KnownRide>
): boolean {
  let billsDue = 0
  for (const [rideId, { status, feeMinor }] of api) {
    if (!isEnded(rides.get(rideId)?.status ?? '')) return false
    if (status === 'completed' || (status === 'cancelled' && (feeMinor ?? 0) > 0)) billsDue += 1
  }
  return bills.length >= billsDue
}
