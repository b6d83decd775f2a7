import { describe, expect, test } from 'vitest'
import type { IntakeState, RideRequest } from '../../avro/index.ts'
import { createPolicy } from '../../domain/index.ts'
import { aRideRequest, startMs } from '../../test/simulation/builders.ts'
import type { Effect } from '../runtime/index.ts'
import {
  foldRideClosed,
  foldRideRequest,
  intakeOpenMsMax,
  intakeRidesMax,
  reuseActionId
} from './intake.ts'

const policy = createPolicy()
const hourMs = 3_600_000

describe('a ride request', () => {
  test('is admitted under its ride id', () => {
    const { state, effects } = request({ rides: [] }, aRideRequest())
    expect(state.rides).toEqual([{ rideId: 'ride-1', bodyHash: 'hash-1', open: true, at: startMs }])
    expect(emissions(effects)).toEqual([
      {
        kind: 'emit',
        topic: 'trips_admissions',
        key: 'ride-1',
        value: { problem: null, request: aRideRequest() }
      }
    ])
  })

  test('repeated exactly causes nothing more', () => {
    const first = request({ rides: [] }, aRideRequest())
    const second = request(first.state, aRideRequest(), startMs + hourMs)
    expect(second.state).toBe(first.state)
    expect(emissions(second.effects)).toEqual([])
  })

  test('with the same key and another body is refused, and admitted no second time', () => {
    const first = request({ rides: [] }, aRideRequest())
    const other = aRideRequest({ bodyHash: 'another-body-hash-of-many-characters' })
    const { state, effects } = request(first.state, other)
    expect(state).toBe(first.state)
    expect(emissions(effects)).toMatchObject([
      {
        topic: 'action_results',
        key: 'c-1',
        value: {
          actionId: reuseActionId('ride-1', other.bodyHash),
          outcome: 'REFUSED',
          reason: 'idempotency_key_reused',
          entityId: 'ride-1'
        }
      }
    ])
    expect(reuseActionId('ride-1', other.bodyHash)).toBe('ride-1:another-body-has')
  })

  test('beyond the open rides allowed is passed on with the problem', () => {
    let state: IntakeState = { rides: [] }
    for (const n of [1, 2]) state = request(state, aRideRequest({ rideId: `ride-${n}` })).state
    const third = request(state, aRideRequest({ rideId: 'ride-3' }))
    expect(problemsOf(third.effects)).toEqual(['too_many_open_rides'])
    const closed = foldRideClosed(
      third.state,
      { rideId: 'ride-1', customerId: 'c-1', status: 'COMPLETED', closedAt: startMs },
      { policy, nowMs: startMs }
    )
    const fourth = request(closed.state, aRideRequest({ rideId: 'ride-4' }))
    expect(problemsOf(fourth.effects)).toEqual([null])
  })

  test('with a key older than allowed is passed on with the problem', () => {
    const keyAt = (ms: number) => {
      const hex = ms.toString(16).padStart(12, '0')
      return `${hex.slice(0, 8)}-${hex.slice(8)}-7abc-8abc-0123456789ab`
    }
    const atLimit = keyAt(startMs - policy.idempotencyMaxAgeMs)
    const tooOld = keyAt(startMs - policy.idempotencyMaxAgeMs - 1)
    const problemOf = (idempotencyKey: string) =>
      problemsOf(request({ rides: [] }, aRideRequest({ idempotencyKey })).effects)
    expect(problemOf(atLimit)).toEqual([null])
    expect(problemOf(tooOld)).toEqual(['idempotency_key_too_old'])
  })
})

describe('what intake remembers', () => {
  test('is forgotten when no retry of it can be accepted any more', () => {
    const rides = [{ rideId: 'ride-0', bodyHash: 'h', open: false, at: startMs }]
    const at = (ms: number) =>
      request({ rides }, aRideRequest(), startMs + ms).state.rides.map(({ rideId }) => rideId)
    expect(at(policy.idempotencyMaxAgeMs)).toEqual(['ride-0', 'ride-1'])
    expect(at(policy.idempotencyMaxAgeMs + 1)).toEqual(['ride-1'])
  })

  test('of an open ride is kept until it is closed, or lost for sure', () => {
    const rides = [{ rideId: 'ride-0', bodyHash: 'h', open: true, at: startMs }]
    const at = (ms: number) => request({ rides }, aRideRequest(), startMs + ms).state.rides.length
    expect(at(intakeOpenMsMax)).toBe(2)
    expect(at(intakeOpenMsMax + 1)).toBe(1)
  })

  test('is bounded: the ride beyond is refused and not remembered', () => {
    const rides = Array.from({ length: intakeRidesMax }, (_, n) => ({
      rideId: `old-${n}`,
      bodyHash: 'h',
      open: false,
      at: startMs
    }))
    const { state, effects } = request({ rides }, aRideRequest())
    expect(state.rides).toHaveLength(intakeRidesMax)
    expect(problemsOf(effects)).toEqual(['too_many_rides'])
  })
})

function request(state: IntakeState, value: RideRequest, nowMs = startMs) {
  return foldRideRequest(state, value, { policy, nowMs })
}

function emissions(effects: readonly Effect[]): Effect[] {
  return effects.filter(({ kind }) => kind === 'emit')
}

function problemsOf(effects: readonly Effect[]): (string | null)[] {
  return effects.flatMap((effect) =>
    effect.kind === 'emit' && effect.topic === 'trips_admissions' ? [effect.value.problem] : []
  )
}
