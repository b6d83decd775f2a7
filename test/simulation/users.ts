/**
 * @module Riders and drivers as the simulation models them. They see what the platform tells them
 * (committed events), possibly late, act on it as people do, and repeat what got no answer.
 */
import type { DriverAction, Ride, RiderAction, TopicRecords } from '../../avro/index.ts'
import { holdsDriver, isEndedStatus, type Point } from '../../domain/index.ts'
import { aDriverAction, aRegistration, aRideRequest, aRiderAction, aSession } from './builders.ts'
import type { Dice } from './dice.ts'
import type { Ledger } from './ledger.ts'
import { markets, placeNearBorder, policy, type World } from './world.ts'

const riderIds = ['c-1', 'c-2', 'c-3'] as const
const driverIds = ['d-1', 'd-2'] as const

/** An unanswered action is sent again after this, ms. */
const repeatMs = 3_000
/** Drivers report their position this often, ms. */
const pingMs = 4_000
/** Rides asked for in one simulation. */
const requestsMax = 10

type ActionTopic = 'driver_actions' | 'rider_actions' | 'driver_sessions'

interface OpenAction {
  readonly topic: ActionTopic
  readonly key: string
  readonly value: TopicRecords[ActionTopic]
  sentAtMs: number
}

interface ModelDriver {
  readonly driverId: string
  place: Point
  isOnline: boolean
  sessionId: string | null
  pingedAtMs: number
}

export interface Users {
  /** Ride ids asked for. */
  readonly requested: readonly string[]
  readonly driverIds: readonly string[]
  readonly riderIds: readonly string[]
  /** Ids of the actions without an outcome. */
  unanswered(): string[]
  /** Registers the drivers and brings them online. */
  begin(): void
  /** One thing one person does. */
  act(): void
  /** Sends positions that are due, and actions that got no answer. */
  keepUp(): void
  /** Everybody does the next reasonable thing: used to let all rides come to an end. */
  cooperate(): void
}

/** The people of one simulation. */
export function createUsers(world: World, dice: Dice, ledger: Ledger): Users {
  const requested: string[] = []
  const open = new Map<string, OpenAction>()
  let serial = 0
  const drivers = driverIds.map(
    (driverId): ModelDriver => ({
      driverId,
      place: somewhere(dice),
      isOnline: false,
      sessionId: null,
      pingedAtMs: 0
    })
  )

  const nextId = (prefix: string): string => {
    serial += 1
    return `${prefix}-${serial}`
  }
  const send = (topic: ActionTopic, key: string, value: TopicRecords[ActionTopic]): void => {
    open.set(value.actionId, { topic, key, value, sentAtMs: world.now() })
    world.put(topic, key, { value })
  }
  const unanswered = (): string[] => {
    for (const actionId of open.keys()) if (ledger.outcomes.has(actionId)) open.delete(actionId)
    return [...open.keys()]
  }

  const driverActs = (ride: Ride, driverId: string, fields: Partial<DriverAction>): void => {
    const value = aDriverAction({
      actionId: nextId('act'),
      rideId: ride.rideId,
      driverId,
      offerId: ride.offerId,
      actedAt: world.now(),
      ...fields
    })
    send('driver_actions', ride.rideId, value)
  }
  const riderActs = (ride: Ride, fields: Partial<RiderAction>): void => {
    const actionId = nextId('act')
    const common = { actionId, rideId: ride.rideId, actorId: ride.customerId }
    send('rider_actions', ride.rideId, aRiderAction({ ...common, actedAt: world.now(), ...fields }))
  }
  const toggle = (driver: ModelDriver, isOnline: boolean): void => {
    driver.isOnline = isOnline
    driver.sessionId = isOnline ? nextId('session') : driver.sessionId
    const value = aSession({
      actionId: nextId('act'),
      driverId: driver.driverId,
      type: isOnline ? 'ONLINE' : 'OFFLINE',
      sessionId: driver.sessionId ?? 'none',
      place: isOnline ? driver.place : null,
      actedAt: world.now()
    })
    send('driver_sessions', driver.driverId, value)
  }
  const ping = (driver: ModelDriver): void => {
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

  const request = (customerId: string): void => {
    const again = dice.chance(0.1) ? dice.pick(requested) : undefined
    if (again === undefined && requested.length >= requestsMax) return
    const rideId = again ?? nextId('ride')
    const pickup = somewhere(dice)
    const market = markets.marketOf(pickup)
    if (market === null) return
    const known = again === undefined ? undefined : ledger.rides.get(again)?.ride
    const owner = known?.customerId ?? customerId
    if (again !== undefined && known === undefined) return
    if (again === undefined) requested.push(rideId)
    const value = aRideRequest({
      rideId,
      customerId: owner,
      idempotencyKey: `key-${rideId}`,
      bodyHash: again !== undefined && dice.chance(0.5) ? 'other body' : `hash-${rideId}`,
      market,
      pickup,
      dropoff: somewhere(dice),
      requestedAt: world.now()
    })
    world.put('ride_requests', owner, { value })
  }

  const riderMoves = (): void => {
    const customerId = dice.pick(riderIds) ?? 'c-1'
    const own = [...ledger.rides.values()].map(({ ride }) => ride)
    const ride = dice.pick(own.filter((each) => each.customerId === customerId))
    const what = dice.weighted([
      ['request', 6],
      ['cancel', 1.2],
      ['rate', 1],
      ['early', 0.5]
    ])
    if (what === 'request' || ride === undefined) request(customerId)
    else if (what === 'rate') riderActs(ride, { type: 'RATE', rating: 1 + dice.below(5) })
    // For a ride that intake has not passed on yet, or never will: it is parked (S9).
    else if (what === 'early') riderActs({ ...ride, rideId: `ride-${serial + 1}` }, {})
    else if (dice.chance(0.15)) riderActs(ride, { actorId: 'admin', actorRole: 'ADMIN' })
    else riderActs(ride, {})
  }

  const driverMoves = (): void => {
    const driver = dice.pick(drivers)
    if (driver === undefined) return
    if (dice.chance(0.12)) {
      toggle(driver, !driver.isOnline)
      return
    }
    const rides = [...ledger.rides.values()].map(({ ride }) => ride)
    const ride = rides.find((each) => each.driverId === driver.driverId && holdsDriver(each.status))
    if (ride !== undefined) {
      const type = dice.weighted(habits[ride.status] ?? [[null, 1]])
      if (type !== null) driverActs(ride, driver.driverId, { type })
    } else if (!driver.isOnline && dice.chance(0.5)) {
      toggle(driver, true)
    } else if (dice.chance(0.1)) {
      const any = dice.pick(rides)
      if (any !== undefined)
        driverActs(any, driver.driverId, { type: dice.pick(anyAction) ?? 'END' })
    }
  }

  return {
    requested,
    driverIds,
    riderIds,
    unanswered,
    begin() {
      for (const driver of drivers) {
        world.put('user_events', driver.driverId, { value: aRegistration(driver.driverId) })
        toggle(driver, true)
        ping(driver)
      }
    },
    act() {
      if (dice.chance(0.35)) riderMoves()
      else driverMoves()
    },
    keepUp() {
      for (const driver of drivers) {
        if (driver.isOnline && world.now() - driver.pingedAtMs >= pingMs) ping(driver)
      }
      for (const actionId of unanswered()) {
        const action = open.get(actionId)
        if (action === undefined || world.now() - action.sentAtMs < repeatMs) continue
        action.sentAtMs = world.now()
        world.put(action.topic, action.key, { value: action.value })
      }
    },
    cooperate() {
      if (unanswered().length > 0) return
      for (const driver of drivers) {
        if (!driver.isOnline) toggle(driver, true)
      }
      for (const { ride } of ledger.rides.values()) {
        const type = isEndedStatus(ride.status) ? undefined : nextByStatus[ride.status]
        if (type !== undefined && ride.driverId !== null) {
          driverActs(ride, ride.driverId, { type, place: ride.dropoff })
        }
      }
    }
  }
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

/** Riders and drivers live within a kilometre of the border: all can reach all. */
function somewhere(dice: Dice): Point {
  return placeNearBorder(800, dice.next(), dice.next())
}

/** At most 60 m in a ping, no matter how long it took: never a teleport. */
function moved({ lat, lon }: Point, dice: Dice): Point {
  const span = 0.0005
  const near = (value: number, home: number): number =>
    Math.abs(value - home) > 0.008 ? home : value
  const centre = placeNearBorder(0, 0, 0)
  const next = { lat: lat + (dice.next() - 0.5) * span, lon: lon + (dice.next() - 0.5) * span }
  return near(next.lat, centre.lat) === centre.lat || near(next.lon, centre.lon) === centre.lon
    ? { lat, lon }
    : next
}

/** Longest time the model needs to come to rest: the trip watchdog twice, and a wait limit; ms. */
export const restMsMax = 2 * policy.onTripWatchdogMs + policy.waitLimitMs + 60_000
