/**
 * @module Matching: proposes drivers to waiting rides, by market and window. It decides nothing;
 * `drivers` reserves and `trips` matches.
 *
 *   dispatch_requests (market) --+
 *                                +--> riders, drivers --(every window)--> driver_offers (driver)
 *   available_drivers (market) --+
 *
 * Stores (resident, since a window scans them): `riders` by ride id, `drivers` by market and driver
 * id. A task may hold several markets; each is solved alone. The window runs on the wall clock, as
 * offers are meant for people who wait now; entries of a backlog expire by their own times.
 */
import type { DriverPoolState, RiderPoolState } from '../../avro/index.ts'
import { type Markets, offerId, type Policy } from '../../domain/index.ts'
import {
  type Context,
  defineSubTopology,
  type InputRecord,
  type SubTopology
} from '../runtime/index.ts'
import { searchLimits } from './candidates.ts'
import { driverPoolKey, foldAvailability, foldDispatch } from './pools.ts'
import { type Match, solveWindow } from './window.ts'

export interface MatchingDeps {
  readonly policy: Policy
  readonly markets: Markets
}

const stores = {
  riders: { record: 'RiderPoolState', kind: 'resident' },
  drivers: { record: 'DriverPoolState', kind: 'resident' }
} as const

type MatchingContext = Context<typeof stores>

/** The sub-topologies of the matching service. */
export function matchingTopologies(deps: MatchingDeps): SubTopology[] {
  return [
    defineSubTopology({
      app: 'matching',
      name: 'markets',
      sources: ['dispatch_requests', 'available_drivers'],
      stores,
      outputs: ['driver_offers'],
      commitIntervalMs: 100,
      on: { dispatch_requests: onDispatch, available_drivers: onAvailability },
      punctuate: {
        everyMs: deps.policy.matchingWindowMs,
        run: (ctx) => runWindow(ctx, deps)
      }
    })
  ]
}

function onDispatch(
  ctx: MatchingContext,
  { value: request }: InputRecord<'dispatch_requests'>
): void {
  const change = foldDispatch(ctx.get('riders', request.rideId), request, ctx.taskTimeMs)
  if (change.kind === 'put') ctx.put('riders', request.rideId, change.value)
  else if (change.kind === 'delete') ctx.delete('riders', request.rideId)
  else ctx.count('dispatch_ignored', { why: change.why })
}

function onAvailability(
  ctx: MatchingContext,
  { value: batch }: InputRecord<'available_drivers'>
): void {
  for (const availability of batch.changes) {
    const key = driverPoolKey(batch.market, availability.driverId)
    const where = { market: batch.market, atMs: batch.at }
    const change = foldAvailability(ctx.get('drivers', key), availability, where)
    if (change.kind === 'put') ctx.put('drivers', key, change.value)
    else if (change.kind === 'ignore') ctx.count('availability_ignored', { why: change.why })
  }
}

interface MarketPools {
  readonly riders: RiderPoolState[]
  readonly drivers: DriverPoolState[]
}

function runWindow(ctx: MatchingContext, deps: MatchingDeps): void {
  const { policy, markets } = deps
  for (const [marketId, pools] of freeByMarket(ctx, policy)) {
    if (pools.riders.length === 0 || pools.drivers.length === 0) continue
    const market = markets.byId(marketId)
    if (market === null) continue
    const limits = searchLimits(policy, { atMs: ctx.wallMs, timezone: market.timezone })
    const result = solveWindow(pools.riders, pools.drivers, limits)
    for (const match of result.matches) offer(ctx, match, policy)
    for (let n = 0; n < result.greedyComponents; n += 1) ctx.count('greedy_components')
  }
}

/** Removes what is over and returns, by market, who may be offered now. */
function freeByMarket(ctx: MatchingContext, policy: Policy): Map<string, MarketPools> {
  const poolsByMarket = new Map<string, MarketPools>()
  const poolsOf = (market: string): MarketPools => {
    const known = poolsByMarket.get(market)
    if (known !== undefined) return known
    const fresh: MarketPools = { riders: [], drivers: [] }
    poolsByMarket.set(market, fresh)
    return fresh
  }
  // A standing driver is told every `quietMs`, which no time scale shortens.
  const unheardMs = Math.max(policy.driverUnheardMs, 3 * policy.ping.quietMs)
  const over: (() => void)[] = []
  for (const [key, rider] of ctx.all('riders')) {
    if (rider.waitUntil <= ctx.wallMs) over.push(() => ctx.delete('riders', key))
    else if (rider.heldUntil <= ctx.wallMs) poolsOf(rider.market).riders.push(rider)
  }
  for (const [key, driver] of ctx.all('drivers')) {
    if (driver.heardAt + unheardMs < ctx.wallMs) {
      over.push(() => ctx.delete('drivers', key))
    } else if (driver.available && driver.heldUntil <= ctx.wallMs) {
      poolsOf(driver.market).drivers.push(driver)
    }
  }
  for (const remove of over) remove()
  return poolsByMarket
}

/** Offers the ride, and takes both out of the pools until the hold ends (S6). */
function offer(ctx: MatchingContext, match: Match, policy: Policy): void {
  const { rider, driver } = match
  // An offer crosses two services whatever the time scale, so its life does not shrink below a window.
  const heldUntil = ctx.wallMs + Math.max(policy.offerHoldMs, policy.matchingWindowMs)
  ctx.put('riders', rider.rideId, { ...rider, heldUntil })
  ctx.put('drivers', driverPoolKey(driver.market, driver.driverId), { ...driver, heldUntil })
  ctx.emit(
    'driver_offers',
    driver.driverId,
    {
      offerId: offerId({
        rideId: rider.rideId,
        attempt: rider.attempt,
        driverId: driver.driverId
      }),
      rideId: rider.rideId,
      attempt: rider.attempt,
      driverId: driver.driverId,
      market: rider.market,
      driverVersion: driver.driverVersion,
      pickupEtaSeconds: match.etaSeconds,
      pickupMeters: match.meters,
      offeredAt: ctx.wallMs,
      expiresAt: heldUntil
    },
    { timestampMs: ctx.wallMs }
  )
  ctx.count('offers')
}
