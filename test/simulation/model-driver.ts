/**
 * @module Drivers as the simulation models them: they come and go, report where they are, answer
 * offers or let them lapse, drive, give rides back, and press the wrong button now and then.
 */
import type { DriverAction, Ride } from '../../avro/index.ts'
import { holdsDriver, type Point } from '../../domain/index.ts'
import { aDriverAction, aSession } from './builders.ts'
import type { Dice } from './dice.ts'
import type { Cast } from './users.ts'
import { border, somewhere } from './world.ts'

/** Drivers report their position this often, ms. */
const pingMs = 4_000

export interface ModelDriver {
  readonly driverId: string
  place: Point
  isOnline: boolean
  sessionId: string | null
  pingedAtMs: number
}

/** A driver at home. */
export function createModelDriver(driverId: string, dice: Dice): ModelDriver {
  return { driverId, place: somewhere(dice), isOnline: false, sessionId: null, pingedAtMs: 0 }
}

/** One thing a driver does. */
export function driverMoves(cast: Cast, driver: ModelDriver): void {
  const { dice, ledger } = cast
  if (dice.chance(0.12)) {
    toggle(cast, driver, !driver.isOnline)
    return
  }
  const rides = [...ledger.rides.values()].map(({ ride }) => ride)
  const own = rides.find(
    ({ driverId, status }) => driverId === driver.driverId && holdsDriver(status)
  )
  if (own !== undefined) {
    const type = dice.weighted(habits[own.status] ?? [[null, 1]])
    if (type !== null) drive(cast, driver.driverId, { ride: own, type })
  } else if (!driver.isOnline && dice.chance(0.5)) {
    toggle(cast, driver, true)
  } else if (dice.chance(0.1)) {
    const ride = dice.pick(rides)
    const type = dice.pick(anyAction) ?? 'END'
    if (ride !== undefined) drive(cast, driver.driverId, { ride, type })
  }
}

/** What brings a matched ride to its end; nothing for other rides. */
export function driveOn(cast: Cast, ride: Ride): void {
  const type = nextByStatus[ride.status]
  if (type !== undefined && ride.driverId !== null) drive(cast, ride.driverId, { ride, type })
}

/** Goes online or offline. */
export function toggle(cast: Cast, driver: ModelDriver, isOnline: boolean): void {
  driver.isOnline = isOnline
  driver.sessionId = isOnline ? cast.nextId('session') : driver.sessionId
  const value = aSession({
    actionId: cast.nextId('act'),
    driverId: driver.driverId,
    type: isOnline ? 'ONLINE' : 'OFFLINE',
    sessionId: driver.sessionId ?? 'none',
    place: isOnline ? driver.place : null,
    actedAt: cast.world.now()
  })
  cast.actions.send('driver_sessions', driver.driverId, value)
}

/** Reports the position when it is time to. */
export function ping({ world, dice }: Cast, driver: ModelDriver): void {
  if (!driver.isOnline || world.now() - driver.pingedAtMs < pingMs) return
  driver.pingedAtMs = world.now()
  driver.place = moved(driver.place, dice)
  world.put('driver_location_updates', driver.driverId, {
    value: {
      driverId: driver.driverId,
      sessionId: driver.sessionId,
      ...driver.place,
      accuracyMeters: 8,
      headingDegrees: null,
      speedMps: null,
      deviceTime: world.now(),
      receivedAt: world.now()
    }
  })
}

function drive(
  cast: Cast,
  driverId: string,
  { ride, type }: { readonly ride: Ride; readonly type: DriverAction['type'] }
): void {
  const value = aDriverAction({
    actionId: cast.nextId('act'),
    rideId: ride.rideId,
    driverId,
    type,
    offerId: ride.offerId,
    place: type === 'END' ? ride.dropoff : null,
    rating: type === 'RATE' ? 5 : null,
    actedAt: cast.world.now()
  })
  cast.actions.send('driver_actions', ride.rideId, value)
}

/** At most 30 m a ping, and never more than a kilometre from the border. */
function moved({ lat, lon }: Point, dice: Dice): Point {
  const next = {
    lat: lat + (dice.next() - 0.5) * 0.0005,
    lon: lon + (dice.next() - 0.5) * 0.0005
  }
  const isNear = Math.abs(next.lat - border.lat) < 0.009 && Math.abs(next.lon - border.lon) < 0.009
  return isNear ? next : { lat, lon }
}

const anyAction: readonly DriverAction['type'][] = ['ACCEPT', 'DECLINE', 'ARRIVE', 'END', 'RATE']

const nextByStatus: Partial<Record<Ride['status'], DriverAction['type']>> = {
  PENDING_ACCEPTANCE: 'ACCEPT',
  ACCEPTED: 'ARRIVE',
  ARRIVED: 'START',
  STARTED: 'END'
}

/** What a driver does when looking at the phone; null = nothing. */
const habits: Partial<
  Record<Ride['status'], readonly (readonly [DriverAction['type'] | null, number])[]>
> = {
  PENDING_ACCEPTANCE: [
    ['ACCEPT', 60],
    ['DECLINE', 14],
    ['CANCEL', 3],
    [null, 20]
  ],
  ACCEPTED: [
    ['ARRIVE', 55],
    ['CANCEL', 12],
    ['END', 3],
    [null, 25]
  ],
  ARRIVED: [
    ['START', 55],
    ['NO_SHOW', 12],
    ['CANCEL', 8],
    [null, 20]
  ],
  STARTED: [
    ['END', 60],
    ['CANCEL', 5],
    [null, 30]
  ]
}
