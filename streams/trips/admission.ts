/**
 * @module What a ride request must satisfy before it becomes a ride: a known service area at both
 * ends and, when a quote is used, a quote that is genuine, fresh and about this trip. The fare is
 * fixed here, upfront.
 */
import type { Fare, RideRequest } from '../../avro/index.ts'
import {
  estimateTrip,
  type Markets,
  type Policy,
  quoteFare,
  verifyQuote
} from '../../domain/index.ts'

export interface AdmissionEnv {
  readonly policy: Policy
  readonly markets: Markets
  /** Key of the quote tokens. */
  readonly quoteSecret: string
}

/** A fare for the ride, or the stable code of why there is none. */
export type Admission =
  | { readonly kind: 'admitted'; readonly fare: Fare; readonly quoteId: string | null }
  | { readonly kind: 'rejected'; readonly reason: string }

/** Judges a request by its own times, so that an outage between edge and here costs no quote. */
export function judgeRequest(request: RideRequest, env: AdmissionEnv): Admission {
  const { markets, policy, quoteSecret } = env
  const market = markets.byId(request.market)
  if (market === null || markets.marketOf(request.pickup) !== request.market) {
    return { kind: 'rejected', reason: 'pickup_outside_service_area' }
  }
  const dropoffMarket = markets.marketOf(request.dropoff)
  if (dropoffMarket === null || markets.byId(dropoffMarket)?.id !== market.id) {
    return { kind: 'rejected', reason: 'dropoff_outside_service_area' }
  }
  if (request.quoteToken !== null) {
    const check = verifyQuote(request.quoteToken, quoteSecret, request.requestedAt, {
      customerId: request.customerId,
      market: request.market,
      pickup: request.pickup,
      dropoff: request.dropoff,
      toleranceMeters: policy.quoteToleranceMeters
    })
    if (!check.ok) return { kind: 'rejected', reason: check.reason }
    return { kind: 'admitted', fare: check.quote.fare, quoteId: check.quote.quoteId }
  }
  const trip = estimateTrip(request.pickup, request.dropoff, request.requestedAt, market.timezone)
  const fare = quoteFare({
    ...trip,
    surgePercent: request.surgePercent,
    tariff: market.tariff
  })
  return { kind: 'admitted', fare, quoteId: null }
}

/** The fare of a ride that was never priced. */
export function unpricedFare(market: string, markets: Markets): Fare {
  return {
    currency: markets.byId(market)?.currency ?? 'USD',
    baseMinor: 0,
    distanceMinor: 0,
    timeMinor: 0,
    surgeMinor: 0,
    bookingMinor: 0,
    minimumTopUpMinor: 0,
    totalMinor: 0,
    distanceMeters: 0,
    durationSeconds: 0,
    surgePercent: 100
  }
}
