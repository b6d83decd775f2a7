/**
 * @module Whether one ping may move a driver. Checks run in a fixed order and the first that fails
 * names the verdict: session, age, clock, noise, speed.
 *
 * Example: last good position at 12:00:00, next ping 12:00:04 and 600 m away. That is 540 km/h over
 * more than 500 m, above 200 km/h: `teleport`. At 400 m it would be taken: short jumps are noise of
 * the receiver, not a lie.
 */
import type { DriverLocation, PresenceState } from '../../avro/index.ts'
import { distanceMeters, type PingPolicy } from '../../domain/index.ts'

/**
 * Why a ping is taken or dropped. `future` and `teleport` are suspect: they count towards a flag.
 * The others are ordinary life of a phone and only dropped.
 */
export type PingVerdict =
  | 'taken'
  | 'offline'
  | 'other_session'
  | 'stale'
  | 'future'
  | 'noise'
  | 'teleport'

/** Judges `ping` against the last good position in `state`. */
export function checkPing(
  state: PresenceState,
  ping: DriverLocation,
  limits: PingPolicy
): PingVerdict {
  if (state.status === 'OFFLINE') return 'offline'
  if (ping.sessionId !== null && ping.sessionId !== state.sessionId) return 'other_session'
  if (state.deviceTime !== null && ping.deviceTime <= state.deviceTime) return 'stale'
  if (ping.deviceTime > ping.receivedAt + limits.futureMs) return 'future'
  if ((ping.accuracyMeters ?? 0) > limits.accuracyMetersMax) return 'noise'
  return isTeleport(state, ping, limits) ? 'teleport' : 'taken'
}

/** True for a verdict that counts towards the flag. */
export function isSuspect(verdict: PingVerdict): boolean {
  return verdict === 'future' || verdict === 'teleport'
}

function isTeleport(state: PresenceState, ping: DriverLocation, limits: PingPolicy): boolean {
  if (state.lat === null || state.lon === null || state.deviceTime === null) return false
  const meters = distanceMeters({ lat: state.lat, lon: state.lon }, ping)
  if (meters < limits.teleportMetersMin) return false
  // Two pings in one instant must not give an infinite speed.
  const gapMs = Math.max(limits.teleportIntervalMsMin, ping.deviceTime - state.deviceTime)
  return (meters / gapMs) * 3600 > limits.teleportKmh
}
