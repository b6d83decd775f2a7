/**
 * @module Reservation: a driver is the resource of a two-phase commit with presumed abort (S2).
 * RESERVED and ON_TRIP are prepared votes. A driver never ends one, whatever time passes; only
 * `trips` does, by `assign` or `release` of the very offer.
 *
 *   AVAILABLE --offer--> RESERVED --assign--> ON_TRIP
 *       ^                   |                    |
 *       +------release------+------release-------+      (OFFLINE instead, when leaving)
 */
import type { DriverCommand, DriverOffer, DriverRecord, OfferResult } from '../../avro/index.ts'
import { count, emit } from '../runtime/index.ts'
import {
  also,
  answer,
  change,
  type DriverEnv,
  type DriverStep,
  phaseAfter,
  stepOf,
  watchdogTimer
} from './driver-step.ts'

/**
 * Answers an offer. An offer answered before gets the same answer; the driver's own reservation is
 * looked at first, since the list of answers is bounded and a vote must never be denied.
 */
export function foldOffer(record: DriverRecord, offer: DriverOffer, env: DriverEnv): DriverStep {
  const step = stepOf(record)
  if (record.reservation !== null && record.offerId === offer.offerId) {
    return also(step, voteOf(record, record.reservation, env), count('offers_repeated'))
  }
  const answered = record.answered.find(({ offerId }) => offerId === offer.offerId)
  if (answered !== undefined) {
    return also(step, emit('offer_results', offer.rideId, answered), count('offers_repeated'))
  }
  const refusal = refusalOf(record, offer, env)
  if (refusal !== null) return answer(step, resultOf(record, offer, { result: refusal, env }))
  const driverVersion = record.driverVersion + 1
  const reservation = resultOf({ ...record, driverVersion }, offer, { result: 'RESERVED', env })
  const reserved = change(
    step,
    {
      ...phaseAfter(record, 'reserve'),
      offerId: offer.offerId,
      rideId: offer.rideId,
      reservation
    },
    env
  )
  const dueMs = env.nowMs + env.policy.reservedWatchdogMs
  return also(answer(reserved, reservation), { kind: 'setTimer', name: watchdogTimer, dueMs })
}

/** Obeys `trips`; a command about another offer than the current one changes nothing (S1). */
export function foldCommand(
  record: DriverRecord,
  command: DriverCommand,
  env: DriverEnv
): DriverStep {
  const step = stepOf(record)
  const isCurrent = record.offerId === command.offerId && record.reservation !== null
  if (!isCurrent) return also(step, count('commands_stale', { kind: command.kind }))
  return command.kind === 'ASSIGN' ? assign(step, env) : release(step, command, env)
}

/** Asks `trips` again by repeating the vote (S4); it decides nothing. */
export function foldWatchdog(record: DriverRecord, env: DriverEnv): DriverStep {
  const step = stepOf(record)
  if (record.reservation === null || env.faults.noS4 === true) return step
  const periodMs =
    record.status === 'ON_TRIP' ? env.policy.onTripWatchdogMs : env.policy.reservedWatchdogMs
  return also(
    step,
    voteOf(record, record.reservation, env),
    { kind: 'setTimer', name: watchdogTimer, dueMs: env.nowMs + periodMs },
    count('watchdog_asks', { status: record.status })
  )
}

function assign(step: DriverStep, env: DriverEnv): DriverStep {
  const dueMs = env.nowMs + env.policy.onTripWatchdogMs
  const assigned =
    step.record.status === 'ON_TRIP' ? step : change(step, phaseAfter(step.record, 'assign'), env)
  return also(assigned, { kind: 'setTimer', name: watchdogTimer, dueMs })
}

function release(step: DriverStep, command: DriverCommand, env: DriverEnv): DriverStep {
  const { leaving, sessionId, place, placeAt } = step.record
  const isNewer = command.place !== null && (command.placeAt ?? 0) > (placeAt ?? 0)
  const released = change(
    step,
    {
      ...phaseAfter(step.record, 'release'),
      reservation: null,
      sessionId: leaving ? null : sessionId,
      offerId: null,
      rideId: null,
      place: isNewer ? command.place : place,
      placeAt: isNewer ? command.placeAt : placeAt
    },
    env
  )
  return also(released, { kind: 'cancelTimer', name: watchdogTimer })
}

/** The vote as it stands: a reserved driver who is leaving wants out, one on a trip stays bound (S8). */
export function voteOf(record: DriverRecord, reservation: OfferResult, env: DriverEnv) {
  const isLeavingEarly = record.leaving && record.status === 'RESERVED'
  return emit('offer_results', reservation.rideId, {
    ...reservation,
    result: isLeavingEarly ? 'OFFLINE' : 'RESERVED',
    driverVersion: record.driverVersion,
    decidedAt: env.nowMs
  })
}

function refusalOf(
  record: DriverRecord,
  offer: DriverOffer,
  env: DriverEnv
): Exclude<OfferResult['result'], 'RESERVED'> | null {
  if (env.nowMs > offer.expiresAt) return 'EXPIRED'
  switch (record.status) {
    case 'AVAILABLE':
      return null
    case 'OFFLINE':
      return 'OFFLINE'
    case 'RESERVED':
    case 'ON_TRIP':
      return 'BUSY'
    default:
      return record.status satisfies never
  }
}

function resultOf(
  record: DriverRecord,
  offer: DriverOffer,
  how: { readonly result: OfferResult['result']; readonly env: DriverEnv }
): OfferResult {
  return {
    offerId: offer.offerId,
    rideId: offer.rideId,
    attempt: offer.attempt,
    driverId: offer.driverId,
    result: how.result,
    driverVersion: record.driverVersion,
    place: record.place,
    pickupEtaSeconds: offer.pickupEtaSeconds,
    decidedAt: how.env.nowMs
  }
}
