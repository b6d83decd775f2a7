/**
 * @module Riders as the simulation models them: they ask for rides, twice at times and once in a
 * while with the same key for another ride, cancel, rate, and act on rides nobody has heard of.
 */
import type { Ride, RiderAction } from '../../avro/index.ts'
import { aRideRequest, aRiderAction } from './builders.ts'
import type { Cast } from './users.ts'
import { markets, somewhere } from './world.ts'

/** Rides asked for in one simulation. */
const requestsMax = 10

/** One thing a rider does. */
export function riderMoves(cast: Cast, customerId: string): void {
  const { dice, ledger } = cast
  const own = [...ledger.rides.values()].map(({ ride }) => ride)
  const ride = dice.pick(own.filter((each) => each.customerId === customerId))
  const what = dice.weighted([
    ['request', 6],
    ['cancel', 1.2],
    ['rate', 1],
    ['early', 0.5]
  ])
  if (what === 'request' || ride === undefined) ask(cast, customerId)
  else if (what === 'rate') act(cast, ride, { type: 'RATE', rating: 1 + dice.below(5) })
  else if (what === 'early') act(cast, { ...ride, rideId: unseenRide(cast) }, {})
  else if (dice.chance(0.15)) act(cast, ride, { actorId: 'admin', actorRole: 'ADMIN' })
  else act(cast, ride, {})
}

/** A ride that is not known yet, or never will be: an action on it is parked (S9). */
function unseenRide({ dice, ledger, requested, nextId }: Cast): string {
  return dice.pick(requested.filter((rideId) => !ledger.rides.has(rideId))) ?? nextId('ride')
}

function act(cast: Cast, ride: Ride, fields: Partial<RiderAction>): void {
  const { actions, world } = cast
  const value = aRiderAction({
    actionId: cast.nextId('act'),
    rideId: ride.rideId,
    actorId: ride.customerId,
    actedAt: world.now(),
    ...fields
  })
  actions.send('rider_actions', ride.rideId, value)
}

function ask(cast: Cast, customerId: string): void {
  const { dice, ledger, requested } = cast
  const again = dice.chance(0.1) ? ledger.rides.get(dice.pick(requested) ?? '') : undefined
  if (again !== undefined) {
    const { rideId, customerId: owner } = again.ride
    request(cast, { rideId, customerId: owner, isOtherBody: dice.chance(0.5) })
    return
  }
  if (requested.length >= requestsMax) return
  const rideId = cast.nextId('ride')
  requested.push(rideId)
  request(cast, { rideId, customerId, isOtherBody: false })
}

function request(
  { world, dice }: Cast,
  about: { readonly rideId: string; readonly customerId: string; readonly isOtherBody: boolean }
): void {
  const { rideId, customerId, isOtherBody } = about
  const pickup = somewhere(dice)
  const value = aRideRequest({
    rideId,
    customerId,
    idempotencyKey: `key-${rideId}`,
    bodyHash: isOtherBody ? 'other body' : `hash-${rideId}`,
    market: markets.marketOf(pickup) ?? 'nowhere',
    pickup,
    dropoff: somewhere(dice),
    requestedAt: world.now()
  })
  world.put('ride_requests', customerId, { value })
}
