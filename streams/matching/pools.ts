/**
 * @module Pure folds of matching's two pools. What is kept here is a hint (S6): it may be stale,
 * doubled or wiped, since only `drivers` reserves and only `trips` decides. The folds therefore
 * only have to converge: a newer attempt or driver version replaces, an older one changes nothing.
 */
import type {
  AvailableDriver,
  DispatchRequest,
  DriverPoolState,
  RiderPoolState
} from '../../avro/index.ts'

/** What a fold decided: a new value, the removal of the old one, or neither and why. */
export type PoolChange<V> =
  | { readonly kind: 'put'; readonly value: V }
  | { readonly kind: 'delete' }
  | { readonly kind: 'ignore'; readonly why: 'stale' | 'expired' | 'unknown' }

/** Key of a driver's entry: a driver near a border is in the pools of both markets. */
export function driverPoolKey(market: string, driverId: string): string {
  return `${market}|${driverId}`
}

/**
 * Folds one dispatch request. `waitUntil` of the entry is the earlier of the ride's own limit and
 * the request's expiry: `trips` repeats what it still wants, so a ride it no longer mentions (its
 * withdrawal was lost) leaves the pool by itself.
 */
export function foldDispatch(
  current: RiderPoolState | undefined,
  request: DispatchRequest,
  nowMs: number
): PoolChange<RiderPoolState> {
  if (current !== undefined && request.attempt < current.attempt) {
    return { kind: 'ignore', why: 'stale' }
  }
  if (request.kind === 'WITHDRAW') {
    return current === undefined ? { kind: 'ignore', why: 'unknown' } : { kind: 'delete' }
  }
  const waitUntil = Math.min(request.waitUntil, request.expiresAt)
  if (waitUntil <= nowMs) return { kind: 'ignore', why: 'expired' }
  const isSameAttempt = current?.attempt === request.attempt
  return {
    kind: 'put',
    value: {
      rideId: request.rideId,
      market: request.market,
      attempt: request.attempt,
      pickup: request.pickup,
      excluded: request.excluded,
      waitUntil,
      requestedAt: request.requestedAt,
      heldUntil: isSameAttempt ? current.heldUntil : 0
    }
  }
}

/**
 * Folds one change of a driver's availability. A driver who left stays as `available: false` until
 * unheard for long, so that an older `ENTERED` coming late does not bring them back.
 */
export function foldAvailability(
  current: DriverPoolState | undefined,
  change: AvailableDriver,
  where: { readonly market: string; readonly atMs: number }
): PoolChange<DriverPoolState> {
  if (current !== undefined && isOlder(change, current)) return { kind: 'ignore', why: 'stale' }
  const isSameVersion = current?.driverVersion === change.driverVersion
  return {
    kind: 'put',
    value: {
      driverId: change.driverId,
      market: where.market,
      driverVersion: change.driverVersion,
      place: change.place,
      placeAt: change.placeAt,
      heardAt: Math.max(where.atMs, current?.heardAt ?? 0),
      home: change.home,
      heldUntil: isSameVersion ? current.heldUntil : 0,
      available: change.kind !== 'LEFT'
    }
  }
}

function isOlder(change: AvailableDriver, current: DriverPoolState): boolean {
  if (change.driverVersion !== current.driverVersion) {
    return change.driverVersion < current.driverVersion
  }
  return change.placeAt < current.placeAt
}
