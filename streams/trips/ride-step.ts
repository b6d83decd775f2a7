/**
 * @module The building blocks of the ride folds: a step is the state so far and the effects
 * gathered. Every change of status goes through `transition`, which asks the table of legal
 * transitions, numbers the event and carries the whole snapshot.
 */
import type { Ride, RideEventType, RideState } from '../../avro/index.ts'
import { assertThat } from '../../core/index.ts'
import { nextRideStatus, type RideTrigger } from '../../domain/index.ts'
import { count, type Effect, emit } from '../runtime/index.ts'
import type { AdmissionEnv } from './admission.ts'
import { notificationsOf } from './ride-notifications.ts'

/** What the ride folds know besides state and input. */
export interface RideEnv extends AdmissionEnv {
  /** Task time, epoch ms. */
  readonly nowMs: number
  readonly faults: TripFaults
}

/** Rules a test may switch off, to see that its checks notice. */
export interface TripFaults {
  /** S3: a reservation nobody wants is not released. */
  readonly noS3?: boolean
  /** S7: a refusal raises no attempt and excludes nobody. */
  readonly noS7?: boolean
}

export interface RideStep {
  readonly state: RideState
  readonly effects: readonly Effect[]
}

/** A step that has a ride. */
export interface KnownRideStep extends RideStep {
  readonly state: RideState & { readonly ride: Ride }
}

/** Timers of a ride; each belongs to one ride and is set at most once at a time. */
export const rideTimers = {
  /** The driver's time to answer an offer. */
  offer: 'offer',
  /** The rider's patience; acts only in REQUESTED. */
  wait: 'wait',
  /** Repeats the dispatch request (S5). */
  resend: 'resend',
  /** From here on the driver may report a no-show. */
  noShow: 'no_show',
  /** Removes an ended ride from the store, or what is kept of one that never came. */
  retention: 'retention'
} as const

/** A ride nothing is known of. */
export const unknownRide: RideState = {
  ride: null,
  actions: [],
  parkedDriverActions: [],
  parkedRiderActions: []
}

/** Adds effects to a step. */
export function also<T extends RideStep>(step: T, ...effects: readonly Effect[]): T {
  return { ...step, effects: [...step.effects, ...effects] }
}

/** Changes the snapshot without an event: nothing a reader of events would miss. */
export function amend(step: KnownRideStep, fields: Partial<Ride>): KnownRideStep {
  return { ...step, state: { ...step.state, ride: { ...step.state.ride, ...fields } } }
}

/** One step of the ride's life, as an event tells it. */
export interface Transition {
  readonly trigger: RideTrigger
  readonly event: RideEventType
  /** Who caused it; null for the system. */
  readonly actorId: string | null
  readonly fields?: Partial<Ride>
}

/** Moves the ride, and emits its event and notifications. The transition must be legal. */
export function transition(step: KnownRideStep, change: Transition, env: RideEnv): KnownRideStep {
  const before = step.state.ride
  const status = nextRideStatus(before.status, change.trigger)
  assertThat(
    status !== null,
    `expected a legal transition, got ${change.trigger} in ${before.status}`
  )
  const ride: Ride = { ...before, ...change.fields, status, seq: before.seq + 1 }
  return publish({ ...step, state: { ...step.state, ride } }, { ...change, before }, env)
}

/** Emits the event of the ride as it now is. */
export function publish(
  step: KnownRideStep,
  told: Pick<Transition, 'event' | 'actorId'> & { readonly before: Ride | null },
  env: RideEnv
): KnownRideStep {
  const { ride } = step.state
  const event = emit('ride_events', ride.rideId, {
    eventId: `${ride.rideId}:${ride.seq}`,
    type: told.event,
    rideId: ride.rideId,
    seq: ride.seq,
    actorId: told.actorId,
    occurredAt: env.nowMs,
    ride
  })
  const notifications = notificationsOf(told.event, { ride, before: told.before }, env)
  return also(step, event, ...notifications, count('ride_events', { type: told.event }))
}
