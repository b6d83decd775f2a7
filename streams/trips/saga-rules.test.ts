import { describe, expect, test } from 'vitest'
import {
  type RideTrigger,
  rideStatuses,
  rideTransitions,
  rideTriggers
} from '../../domain/index.ts'
import { aDriverAction, aRideRequest, places, startMs } from '../../test/simulation/builders.ts'
import {
  policy,
  startTrips,
  startTripsAt,
  type TripsDriver
} from '../../test/simulation/trips-driver.ts'

describe('answers to RESERVED (S3)', () => {
  test('the first for the live attempt is matched', async () => {
    const trips = await startTripsAt('REQUESTED')
    await trips.result()
    expect(trips.events()).toEqual(['RIDE_MATCHED'])
    expect(await trips.ride()).toMatchObject({
      status: 'PENDING_ACCEPTANCE',
      driverId: 'd-1',
      offerId: 'ride-1/1/d-1',
      pickupEtaSeconds: 240,
      offersMade: 1
    })
    expect(trips.commands()).toEqual([])
  })

  test('the current offer again is nothing while pending, and assigned once accepted', async () => {
    const trips = await startTripsAt('PENDING_ACCEPTANCE')
    await trips.result()
    expect(trips.commands()).toEqual([])
    await trips.act('ACCEPT')
    for (const step of ['ARRIVE', 'START'] as const) {
      await trips.result()
      await trips.act(step)
    }
    await trips.result()
    expect(trips.commands()).toEqual(Array(4).fill('ASSIGN ride-1/1/d-1'))
  })

  test('a second driver, a stale attempt, an ended and an unknown ride are released', async () => {
    const trips = await startTripsAt('PENDING_ACCEPTANCE')
    await trips.result({ driverId: 'd-2' })
    expect(trips.commands()).toEqual(['RELEASE ride-1/1/d-2'])
    await trips.act('DECLINE')
    await trips.result({ attempt: 1, driverId: 'd-3' })
    expect(trips.commands()).toEqual(['RELEASE ride-1/1/d-1', 'RELEASE ride-1/1/d-3'])
    await trips.rider('CANCEL')
    await trips.result({ attempt: 2 })
    expect(trips.commands()).toEqual(['RELEASE ride-1/2/d-1'])
    await trips.result({ rideId: 'ride-9' })
    expect(trips.commands()).toEqual(['RELEASE ride-9/1/d-1'])
    expect((await trips.ride())?.status).toBe('CANCELLED')
  })

  test('a driver who missed the end of the trip is released at the drop-off', async () => {
    const trips = await startTripsAt('COMPLETED')
    await trips.result({ attempt: 1 })
    expect(trips.read('driver_commands')).toMatchObject([
      { kind: 'RELEASE', offerId: 'ride-1/1/d-1', place: places.timesSquare, placeAt: startMs }
    ])
  })

  test('is off when a test switches it off', async () => {
    const trips = await startTripsAt('PENDING_ACCEPTANCE', { noS3: true })
    await trips.result({ driverId: 'd-2' })
    expect(trips.commands()).toEqual([])
  })
})

describe('refusals (S7)', () => {
  test.each(['BUSY', 'OFFLINE', 'EXPIRED'] as const)(
    '%s begins the next attempt and excludes nobody',
    async (result) => {
      const trips = await startTripsAt('REQUESTED')
      await trips.result({ result })
      expect(await trips.ride()).toMatchObject({ attempt: 2, excluded: [], status: 'REQUESTED' })
      expect(trips.dispatches()).toEqual(['ADD 2'])
      expect(trips.events()).toEqual([])
    }
  )

  test('of an older attempt change nothing (S1)', async () => {
    const trips = await startTripsAt('REQUESTED')
    await trips.result({ result: 'BUSY' })
    await trips.result({ result: 'BUSY', attempt: 1, driverId: 'd-2' })
    expect((await trips.ride())?.attempt).toBe(2)
  })

  test('a declining driver is excluded and the next attempt begins', async () => {
    const trips = await startTripsAt('PENDING_ACCEPTANCE')
    await trips.act('DECLINE')
    expect(trips.events()).toEqual(['OFFER_DECLINED'])
    expect(await trips.ride()).toMatchObject({
      attempt: 2,
      excluded: ['d-1'],
      offersDeclined: 1
    })
    expect(trips.read('dispatch_requests')).toMatchObject([{ attempt: 2, excluded: ['d-1'] }])
  })

  test('a bounded number of drivers is remembered', async () => {
    const trips = await startTripsAt('REQUESTED')
    for (let n = 0; n <= policy.excludedMax; n += 1) {
      await trips.result({ driverId: `x-${n}` })
      await trips.act('DECLINE', { driverId: `x-${n}` })
    }
    const excluded = (await trips.ride())?.excluded ?? []
    expect(excluded).toHaveLength(policy.excludedMax)
    expect(excluded[0]).toBe('x-1')
  })
})

describe('leaving (S8)', () => {
  test.each(['ACCEPTED', 'ARRIVED'] as const)(
    'a driver who cancels when %s is released and the ride dispatched again',
    async (status) => {
      const trips = await startTripsAt(status)
      await trips.advance(policy.waitLimitMs)
      await trips.act('CANCEL')
      expect(trips.events()).toEqual(['RIDE_REALLOCATED'])
      expect(await trips.ride()).toMatchObject({
        status: 'REQUESTED',
        attempt: 2,
        excluded: ['d-1'],
        reallocations: 1,
        acceptedAt: null,
        waitUntil: startMs + 2 * policy.waitLimitMs
      })
      expect(trips.commands()).toEqual(['RELEASE ride-1/1/d-1'])
      expect(trips.dispatches()).toEqual(['ADD 2'])
    }
  )

  test('a driver gone offline while pending is let go, not excluded', async () => {
    const trips = await startTripsAt('PENDING_ACCEPTANCE')
    await trips.result({ result: 'OFFLINE' })
    expect(trips.events()).toEqual(['OFFER_DECLINED'])
    expect(await trips.ride()).toMatchObject({ attempt: 2, excluded: [], status: 'REQUESTED' })
    expect(trips.commands()).toEqual(['RELEASE ride-1/1/d-1'])
  })

  test('a driver gone offline after accepting stays on the ride', async () => {
    const trips = await startTripsAt('ACCEPTED')
    await trips.result({ result: 'OFFLINE' })
    expect(trips.commands()).toEqual(['ASSIGN ride-1/1/d-1'])
    expect((await trips.ride())?.status).toBe('ACCEPTED')
  })
})

describe('no order between topics (S9)', () => {
  test('actions before the ride are handled in their order once it is known', async () => {
    const trips = startTrips()
    await trips.rider('CANCEL', { actedAt: startMs + 5 })
    await trips.act('ACCEPT', { offerId: 'ride-1/1/d-1' })
    expect(trips.outcomes()).toEqual([])
    await trips.request()
    expect(trips.outcomes().sort()).toEqual(['accept: offer_not_current', 'cancel: APPLIED'])
    expect((await trips.ride())?.status).toBe('CANCELLED')
    await trips.advance(2 * policy.parkedMs)
    expect(trips.outcomes()).toEqual([])
  })

  test('an action for a ride that never comes is refused, and forgotten in the end', async () => {
    const trips = startTrips()
    await trips.rider('CANCEL', { actionId: 'a-1' })
    await trips.rider('CANCEL', { actionId: 'a-1' })
    await trips.advance(policy.parkedMs)
    expect(trips.outcomes()).toEqual(['cancel: unknown_ride'])
    await trips.advance(policy.rideRetentionMs)
    expect(await trips.state()).toBeUndefined()
  })

  test('an action refused before its ride came late stays refused', async () => {
    const trips = startTrips()
    await trips.rider('CANCEL', { actionId: 'a-1' })
    await trips.advance(policy.parkedMs)
    await trips.request()
    await trips.rider('CANCEL', { actionId: 'a-1' })
    expect(trips.outcomes()).toEqual(['cancel: unknown_ride', 'cancel: unknown_ride'])
    await trips.result()
    await trips.act('ACCEPT')
    await trips.advance(2 * policy.rideRetentionMs)
    expect((await trips.ride())?.status).toBe('ACCEPTED')
  })

  test('a bounded number of actions is parked', async () => {
    const trips = startTrips()
    for (let n = 0; n <= policy.parkedMax; n += 1) await trips.rider('CANCEL')
    expect(trips.outcomes()).toEqual(['cancel: unknown_ride'])
    expect((await trips.state())?.parkedRiderActions).toHaveLength(policy.parkedMax)
  })
})

describe('outcomes of actions (S11)', () => {
  test('a repeat under the same id gets the same answer, applied or refused', async () => {
    const trips = await startTripsAt('PENDING_ACCEPTANCE')
    await trips.act('ARRIVE', { actionId: 'early' })
    await trips.act('ACCEPT', { actionId: 'accept' })
    await trips.act('ACCEPT', { actionId: 'accept' })
    await trips.act('ARRIVE', { actionId: 'early' })
    expect(trips.outcomes()).toEqual([
      'arrive: ride_pending_acceptance',
      'accept: APPLIED',
      'accept: APPLIED',
      'arrive: ride_pending_acceptance'
    ])
    expect(trips.events()).toEqual(['RIDE_ACCEPTED'])
  })

  test('a repeat of the same actor under another id is answered as applied', async () => {
    const trips = await startTripsAt('STARTED')
    for (const type of ['ACCEPT', 'ARRIVE', 'START'] as const) await trips.act(type)
    expect(trips.outcomes()).toEqual(['accept: APPLIED', 'arrive: APPLIED', 'start: APPLIED'])
    await trips.act('START', { driverId: 'd-2' })
    expect(trips.outcomes()).toEqual(['start: not_your_ride'])
    expect(trips.events()).toEqual([])
  })

  test('accepts and declines must carry the current offer', async () => {
    const trips = await startTripsAt('PENDING_ACCEPTANCE')
    await trips.act('ACCEPT', { offerId: null })
    await trips.act('ACCEPT', { offerId: 'ride-1/2/d-1' })
    await trips.act('ACCEPT', { driverId: 'd-2' })
    expect(trips.outcomes()).toEqual([
      'accept: offer_id_missing',
      'accept: offer_not_current',
      'accept: not_your_ride'
    ])
  })

  test('a driver taken off the ride can do nothing with it', async () => {
    const trips = await startTripsAt('ACCEPTED')
    await trips.act('CANCEL')
    await trips.result({ driverId: 'd-2' })
    await trips.act('ARRIVE', { driverId: 'd-1', offerId: null })
    expect(trips.outcomes()).toEqual(['cancel: APPLIED', 'arrive: not_your_ride'])
  })

  test('outcomes go to the actor', async () => {
    const trips = await startTripsAt('PENDING_ACCEPTANCE')
    await trips.act('ACCEPT')
    await trips.rider('CANCEL')
    expect(
      trips.driver
        .read('action_results')
        .map(({ key }) => key)
        .sort()
    ).toEqual(['c-1', 'd-1'])
  })
})

describe('the state machine', () => {
  const causes: Partial<Record<RideTrigger, (trips: TripsDriver) => Promise<void>>> = {
    offer_reserved: (trips) => trips.result({ driverId: 'd-7' }),
    accept: (trips) => trips.act('ACCEPT', { actionId: 'cause' }),
    decline: (trips) => trips.act('DECLINE'),
    arrive: (trips) => trips.act('ARRIVE'),
    start: (trips) => trips.act('START'),
    end: (trips) => trips.act('END'),
    driver_cancel: (trips) => trips.act('CANCEL'),
    no_show: async (trips) => {
      const isAtPickup = (await trips.ride())?.status === 'ARRIVED'
      if (isAtPickup) await trips.driver.setWall(trips.driver.clock.now() + policy.noShowMs)
      await trips.act('NO_SHOW')
    },
    rider_cancel: (trips) => trips.rider('CANCEL'),
    admin_cancel: (trips) => trips.rider('CANCEL', { actorId: 'a-1', actorRole: 'ADMIN' }),
    rate: (trips) => trips.rider('RATE', { rating: 5 }),
    request: (trips) =>
      trips.driver.pipe('trips_admissions', 'ride-1', { problem: null, request: aRideRequest() }),
    reject: (trips) =>
      trips.driver.pipe('trips_admissions', 'ride-1', { problem: 'late', request: aRideRequest() })
  }
  const pairs = rideStatuses.flatMap((status) =>
    rideTriggers.flatMap((trigger) => {
      const cause = causes[trigger]
      return cause === undefined ? [] : [{ status, trigger, cause }]
    })
  )

  test.each(pairs)('$trigger in $status does what the table says', async (pair) => {
    const trips = await startTripsAt(pair.status)
    const before = await trips.ride()
    await pair.cause(trips)
    const after = await trips.ride()
    const legal = rideTransitions[pair.status][pair.trigger]
    if (legal === undefined) expect(after).toEqual(before)
    else expect(after).toMatchObject({ status: legal, seq: (before?.seq ?? 0) + 1 })
  })
})

test('a record nobody can handle goes to its dead letters and the next one is handled', async () => {
  const trips = startTrips()
  await trips.driver.pipe('trips_admissions', 'ride-1', {
    problem: null,
    request: aRideRequest({ surgePercent: 1 })
  })
  await trips.request({ rideId: 'ride-2' })
  expect(trips.driver.deadLetters('trips_admissions')).toHaveLength(1)
  expect((await trips.ride('ride-2'))?.status).toBe('REQUESTED')
})

test('a ride goes on after a restart of every task', async () => {
  const trips = await startTripsAt('PENDING_ACCEPTANCE')
  await trips.driver.restart()
  await trips.driver.pipe('driver_actions', 'ride-1', aDriverAction())
  await trips.driver.restart()
  await trips.act('ARRIVE')
  expect((await trips.ride())?.status).toBe('ARRIVED')
})
