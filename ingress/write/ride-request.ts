/**
 * A ride asked for, as the record that the intake reads; the same whether a rider asks for one or a
 * partner for many.
 *
 * @module
 */
import { hash } from 'node:crypto'
import Type from 'typebox'
import { cellOf, type Point } from '../../domain/index.ts'
import { point } from '../http/index.ts'
import type { OutEvent } from './events.ts'
import type { WriteServices } from './services.ts'

/** What a ride is asked for with. */
export const rideFields = {
  pickup: point,
  dropoff: point,
  quoteToken: Type.Optional(
    Type.String({ minLength: 1, maxLength: 4_096, description: 'From POST /quotes' })
  )
}

/** A ride asked for; `quoteToken` null is priced as of now. */
export type RideWish = { pickup: Point; dropoff: Point; quoteToken: string | null }

/** A wish with everything that follows from it and from who asks. */
export type PlannedRide = RideWish & {
  rideId: string
  customerId: string
  idempotencyKey: string
  bodyHash: string
  /** The market or its shard. */
  market: string
}

/** 128 bits tell two bodies of one key apart; field order and spelling of numbers do not matter. */
export const hashRide = ({ pickup, dropoff, quoteToken }: RideWish): string => {
  const parts = [pickup.lat, pickup.lon, dropoff.lat, dropoff.lon, quoteToken]
  return hash('sha256', JSON.stringify(parts), 'hex').slice(0, 32)
}

/** The event of a ride; reads the surge of now, unless a quote brings its own. Never rejects. */
export const toRideEvent = async (
  ride: PlannedRide,
  { receivedAt, correlationId }: { receivedAt: number; correlationId: string },
  { surge, policy }: Pick<WriteServices, 'surge' | 'policy'>
): Promise<OutEvent<'ride_requests'>> => {
  const { rideId, customerId, idempotencyKey, bodyHash, market } = ride
  const { pickup, dropoff, quoteToken } = ride
  let surgePercent: number | Promise<number> = 100
  if (quoteToken === null) {
    surgePercent = surge.percentAt(market, cellOf(pickup, policy.surge.resolution))
    if (typeof surgePercent !== 'number') surgePercent = await surgePercent
  }
  return {
    topic: 'ride_requests',
    key: customerId,
    id: rideId,
    // Written out: a spread of ten fields costs more than the encoding of the record.
    value: {
      rideId,
      customerId,
      idempotencyKey,
      bodyHash,
      market,
      pickup,
      dropoff,
      quoteToken,
      surgePercent,
      requestedAt: receivedAt,
      correlationId
    },
    at: receivedAt
  }
}
