/**
 * @module The trips service alone over a log in memory, with short names for what its tests do.
 */
import type {
  DispatchRequest,
  DriverAction,
  DriverCommand,
  OfferResult,
  Ride,
  RideEvent,
  RideRequest,
  RiderAction,
  RideState,
  TopicName,
  TopicRecords
} from '../../avro/index.ts'
import { createMarkets, createPolicy, defaultMarkets } from '../../domain/index.ts'
import { type TripFaults, tripsTopologies } from '../../streams/trips/index.ts'
import { createTopologyDriver, type TopologyDriver } from '../support/index.ts'
import {
  aDriverAction,
  anOfferResult,
  aRideRequest,
  aRiderAction,
  quoteSecret,
  startMs
} from './builders.ts'

/** What a step of a ride's life is, by the helper that does it. */
export interface TripsDriver {
  readonly driver: TopologyDriver
  request(fields?: Partial<RideRequest>): Promise<void>
  /** An answer to the current attempt unless told otherwise. */
  result(fields?: Partial<OfferResult>): Promise<void>
  /** An action of the ride's driver with the current offer. */
  act(type: DriverAction['type'], fields?: Partial<DriverAction>): Promise<void>
  rider(type: RiderAction['type'], fields?: Partial<RiderAction>): Promise<void>
  ride(rideId?: string): Promise<Ride | null>
  state(rideId?: string): Promise<RideState | undefined>
  /** New values of a topic since the last call. */
  read<T extends TopicName>(topic: T): TopicRecords[T][]
  /** Types of the new ride events. */
  events(): RideEvent['type'][]
  /** New outcomes as `action: reason or APPLIED`. */
  outcomes(): string[]
  /** New commands as `KIND offerId`. */
  commands(): string[]
  /** New dispatch requests as `KIND attempt`. */
  dispatches(): string[]
  advance(ms: number): Promise<void>
}

export const policy = createPolicy()
export const markets = createMarkets(defaultMarkets)

/** Starts the service. */
export function startTrips(faults: TripFaults = {}): TripsDriver {
  const topologies = tripsTopologies({ policy, markets, quoteSecret, faults })
  const driver = createTopologyDriver(topologies, { startMs })
  const now = () => driver.clock.now()
  const state = async (rideId = 'ride-1') =>
    (await driver.store('trips', 'rides', 'rides', rideId)) as RideState | undefined
  const ride = async (rideId?: string) => (await state(rideId))?.ride ?? null
  const read = <T extends TopicName>(topic: T): TopicRecords[T][] =>
    driver.read(topic).flatMap(({ value }) => (value === null ? [] : [value as TopicRecords[T]]))
  return {
    driver,
    state,
    ride,
    read,
    async request(fields = {}) {
      const value = aRideRequest({ requestedAt: now(), ...fields })
      await driver.pipe('ride_requests', value.customerId, value)
    },
    async result(fields = {}) {
      const attempt = (await ride(fields.rideId))?.attempt ?? 1
      const value = anOfferResult({ attempt, decidedAt: now(), ...fields })
      await driver.pipe('offer_results', value.rideId, value)
    },
    async act(type, fields = {}) {
      const offerId = (await ride(fields.rideId))?.offerId ?? null
      const value = aDriverAction({ type, offerId, actedAt: now(), ...fields })
      await driver.pipe('driver_actions', value.rideId, value)
    },
    async rider(type, fields = {}) {
      const value = aRiderAction({ type, actedAt: now(), ...fields })
      await driver.pipe('rider_actions', value.rideId, value)
    },
    events: () => read('ride_events').map(({ type }) => type),
    outcomes: () =>
      read('action_results').map(
        ({ action, outcome, reason }) => `${action}: ${reason ?? outcome}`
      ),
    commands: () => read('driver_commands').map(commandLine),
    dispatches: () => read('dispatch_requests').map(dispatchLine),
    advance: (ms) => driver.advance(ms)
  }
}

/** Statuses a ride can be led to, in the order a ride passes them. */
const steps: readonly (readonly [Ride['status'], (trips: TripsDriver) => Promise<void>])[] = [
  ['REQUESTED', (trips) => trips.request()],
  ['PENDING_ACCEPTANCE', (trips) => trips.result()],
  ['ACCEPTED', (trips) => trips.act('ACCEPT')],
  ['ARRIVED', (trips) => trips.act('ARRIVE')],
  ['STARTED', (trips) => trips.act('START')],
  ['COMPLETED', (trips) => trips.act('END')]
]

/** Starts the service with ride-1 of c-1 in a status, driver d-1; what led there is read already. */
export async function startTripsAt(
  status: Ride['status'],
  faults: TripFaults = {}
): Promise<TripsDriver> {
  const trips = startTrips(faults)
  await leadTo(trips, status)
  for (const topic of ['ride_events', 'dispatch_requests', 'driver_commands'] as const) {
    trips.read(topic)
  }
  for (const topic of ['action_results', 'notification_tasks', 'billing_tasks'] as const) {
    trips.read(topic)
  }
  return trips
}

async function leadTo(trips: TripsDriver, status: Ride['status']): Promise<void> {
  switch (status) {
    case 'REJECTED':
      return trips.request({ quoteToken: 'no quote' })
    case 'NO_DRIVERS_AVAILABLE':
      await trips.request()
      return trips.advance(policy.waitLimitMs)
    case 'CANCELLED':
      await leadTo(trips, 'ACCEPTED')
      return trips.rider('CANCEL')
    default:
      for (const [reached, step] of steps) {
        await step(trips)
        if (reached === status) return
      }
  }
}

function commandLine({ kind, offerId }: DriverCommand): string {
  return `${kind} ${offerId}`
}

function dispatchLine({ kind, attempt }: DispatchRequest): string {
  return `${kind} ${attempt}`
}
