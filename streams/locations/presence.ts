/**
 * @module Folds pings and driver states into the presence of one driver. The status comes from
 * `driver_states` only, newest version wins; the position is last-write-wins by device time, from
 * pings and from the places that states carry (going online, end of a trip). A driver unheard for
 * too long is withdrawn from its markets and comes back with its next ping.
 */
import type { DriverLocation, DriverState, PresenceState, RidePosition } from '../../avro/index.ts'
import type { PingPolicy } from '../../domain/index.ts'
import { checkPing, isSuspect, type PingVerdict } from './ping-check.ts'
import {
  type MarketChange,
  type PublicationRules,
  publishPosition,
  publishStatus,
  withdraw
} from './publication.ts'
import { noteSuspect } from './suspicion.ts'

/** What the folds depend on besides state and input. */
export interface PresenceEnvironment {
  /** Task time, epoch ms. */
  readonly nowMs: number
  readonly limits: PingPolicy
  readonly rules: PublicationRules
  /** A driver unheard for this long is shown to nobody, ms. */
  readonly silentMs: number
}

/** Result of folding a ping. */
export interface PingFold {
  readonly state: PresenceState
  readonly verdict: PingVerdict
  readonly isFlagged: boolean
  readonly changes: readonly MarketChange[]
  readonly ridePosition: RidePosition | null
}

/** Result of folding a driver state or a silence. */
export interface StatusFold {
  readonly state: PresenceState
  readonly isStale: boolean
  readonly changes: readonly MarketChange[]
}

/** The presence of a driver of whom nothing is known yet. */
export function emptyPresence(driverId: string): PresenceState {
  return {
    driverId,
    status: 'OFFLINE',
    driverVersion: 0,
    sessionId: null,
    rideId: null,
    lat: null,
    lon: null,
    accuracyMeters: null,
    deviceTime: null,
    heardAt: null,
    published: [],
    suspectsAt: [],
    flaggedAt: null
  }
}

/** Folds one ping. A dropped ping keeps the last good position. */
export function foldPing(
  before: PresenceState,
  ping: DriverLocation,
  environment: PresenceEnvironment
): PingFold {
  const verdict = checkPing(before, ping, environment.limits)
  if (verdict !== 'taken') {
    const noted = isSuspect(verdict)
      ? noteSuspect(before, environment.nowMs, environment.limits)
      : { state: before, isFlagged: false }
    return { ...noted, verdict, changes: [], ridePosition: null }
  }
  const moved: PresenceState = {
    ...before,
    lat: ping.lat,
    lon: ping.lon,
    accuracyMeters: ping.accuracyMeters,
    deviceTime: ping.deviceTime,
    heardAt: environment.nowMs
  }
  const { state, changes } = publishPosition(moved, environment.nowMs, environment.rules)
  return { state, verdict, isFlagged: false, changes, ridePosition: ridePositionOf(state, ping) }
}

/** Folds one driver state. One that is not newer changes nothing. */
export function foldDriverState(
  before: PresenceState,
  input: DriverState,
  environment: PresenceEnvironment
): StatusFold {
  if (input.driverVersion <= before.driverVersion) {
    return { state: before, isStale: true, changes: [] }
  }
  const updated: PresenceState = {
    ...placed(before, input),
    status: input.status,
    driverVersion: input.driverVersion,
    sessionId: input.sessionId,
    rideId: input.rideId,
    heardAt: environment.nowMs
  }
  return { isStale: false, ...publishStatus(updated, environment.nowMs, environment.rules) }
}

/** When the silence of a shown driver has to be looked at; null when the driver is not shown. */
export function silenceDueMs(state: PresenceState, silentMs: number): number | null {
  return state.published.length === 0 || state.heardAt === null ? null : state.heardAt + silentMs
}

/** Withdraws a shown driver that has been silent for too long; else changes nothing. */
export function foldSilence(before: PresenceState, environment: PresenceEnvironment): StatusFold {
  const dueMs = silenceDueMs(before, environment.silentMs)
  if (dueMs === null || environment.nowMs < dueMs) {
    return { state: before, isStale: true, changes: [] }
  }
  return { isStale: false, ...withdraw(before) }
}

/** The place a state carries counts only when it is newer than the last ping. */
function placed(before: PresenceState, input: DriverState): PresenceState {
  if (input.place === null || input.placeAt === null) return before
  if (before.deviceTime !== null && input.placeAt <= before.deviceTime) return before
  const { lat, lon } = input.place
  return { ...before, lat, lon, accuracyMeters: null, deviceTime: input.placeAt }
}

function ridePositionOf(state: PresenceState, ping: DriverLocation): RidePosition | null {
  if (state.status !== 'ON_TRIP' || state.rideId === null) return null
  return {
    rideId: state.rideId,
    driverId: state.driverId,
    lat: ping.lat,
    lon: ping.lon,
    headingDegrees: ping.headingDegrees,
    speedMps: ping.speedMps,
    deviceTime: ping.deviceTime
  }
}
