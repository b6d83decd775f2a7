/**
 * @module What the markets are told about a driver. Only an AVAILABLE driver with a known place is
 * shown: in its home market and, where the market is split, to neighbours within reach (`home` is
 * true in one only). Positions are conflated: told on a status change, after 50 m or 10 s, and at
 * most every 2 s.
 *
 * Example: told at 12:00:00. A ping at 12:00:01, 80 m away, is kept to ourselves (2 s); one at
 * 12:00:04, 90 m away, is told as MOVED; then, standing still, the next is the first after 12:00:14.
 */
import type { AvailableDrivers, PresenceState } from '../../avro/index.ts'
import { distanceMeters, type Markets } from '../../domain/index.ts'

/** One change in the list of a market's available drivers. */
export type AvailabilityChange = AvailableDrivers['changes'][number]

/** A change and the market it is for. */
export interface MarketChange {
  readonly market: string
  readonly change: AvailabilityChange
}

/** What conflation and reach depend on. */
export interface PublicationRules {
  readonly markets: Pick<Markets, 'reachable' | 'marketOf'>
  /** Movement worth telling, meters. */
  readonly movedMeters: number
  /** Longest silence about a driver that pings, ms. */
  readonly quietMs: number
  /** Least time between two messages about one driver, except on a status change; ms. */
  readonly flushMs: number
  /** A driver is shown to neighbour shards within this distance, meters. */
  readonly reachMeters: number
}

type Published = PresenceState['published'][number]

/** A presence and the changes that bring the markets up to it. */
export interface Publication {
  readonly state: PresenceState
  readonly changes: readonly MarketChange[]
}

/** Tells the markets about a new status, version or session: at once, whatever was told before. */
export function publishStatus(
  state: PresenceState,
  nowMs: number,
  rules: PublicationRules
): Publication {
  const place = placeOf(state)
  if (state.status !== 'AVAILABLE' || place === null) return withdraw(state)
  return publish(state, { place, nowMs, isEntry: true, rules })
}

/** Tells the markets about a new position, when it is worth it. */
export function publishPosition(
  state: PresenceState,
  nowMs: number,
  rules: PublicationRules
): Publication {
  const place = placeOf(state)
  if (state.status !== 'AVAILABLE' || place === null) return { state, changes: [] }
  const last = state.published[0]
  if (last !== undefined && !isWorthTelling(last, place, nowMs, rules))
    return { state, changes: [] }
  return publish(state, { place, nowMs, isEntry: false, rules })
}

/** Takes the driver out of every market it is shown in. */
export function withdraw(state: PresenceState): Publication {
  const changes = state.published.map((told) => ({
    market: told.market,
    change: changeOf(state, 'LEFT', told)
  }))
  return { state: { ...state, published: [] }, changes }
}

function publish(
  state: PresenceState,
  input: {
    readonly place: Published['place']
    readonly nowMs: number
    readonly isEntry: boolean
    readonly rules: PublicationRules
  }
): Publication {
  const { place, nowMs, isEntry, rules } = input
  const home = rules.markets.marketOf(place)
  const published = rules.markets
    .reachable(place, rules.reachMeters)
    .map((market) => ({ market, home: market === home, place, at: nowMs }))
  const shown = new Set(published.map(({ market }) => market))
  const known = new Set(state.published.map(({ market }) => market))
  const changes: MarketChange[] = []
  for (const told of state.published) {
    if (shown.has(told.market)) continue
    changes.push({ market: told.market, change: changeOf(state, 'LEFT', told) })
  }
  for (const told of published) {
    const kind = isEntry || !known.has(told.market) ? 'ENTERED' : 'MOVED'
    changes.push({ market: told.market, change: changeOf(state, kind, told) })
  }
  return { state: { ...state, published }, changes }
}

function isWorthTelling(
  last: Published,
  place: Published['place'],
  nowMs: number,
  rules: PublicationRules
): boolean {
  const silentMs = nowMs - last.at
  if (silentMs < rules.flushMs) return false
  return silentMs >= rules.quietMs || distanceMeters(last.place, place) > rules.movedMeters
}

function changeOf(
  state: PresenceState,
  kind: AvailabilityChange['kind'],
  told: Published
): AvailabilityChange {
  return {
    driverId: state.driverId,
    kind,
    driverVersion: state.driverVersion,
    place: told.place,
    placeAt: state.deviceTime ?? told.at,
    home: told.home
  }
}

function placeOf(state: PresenceState): Published['place'] | null {
  return state.lat === null || state.lon === null ? null : { lat: state.lat, lon: state.lon }
}
