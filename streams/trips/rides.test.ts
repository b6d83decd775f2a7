import { describe, expect, test } from 'vitest'
import { type Quote, signQuote } from '../../domain/index.ts'
import { aDriverAction, places, quoteSecret, startMs } from '../../test/simulation/builders.ts'
import { policy, startTrips, startTripsAt } from '../../test/simulation/trips-driver.ts'

describe('a request', () => {
  test('becomes a priced ride that looks for a driver', async () => {
    const trips = startTrips()
    await trips.request()
    const [event, ...others] = trips.read('ride_events')
    expect(others).toEqual([])
    expect(event).toMatchObject({
      eventId: 'ride-1:1',
      type: 'RIDE_REQUESTED',
      seq: 1,
      actorId: 'c-1',
      ride: { status: 'REQUESTED', attempt: 1, waitUntil: startMs + policy.waitLimitMs }
    })
    expect(event?.ride.fare.totalMinor).toBeGreaterThan(0)
    expect(trips.read('dispatch_requests')).toMatchObject([
      {
        kind: 'ADD',
        attempt: 1,
        market: 'new_york',
        excluded: [],
        expiresAt: startMs + policy.dispatchLifeMs
      }
    ])
    expect(trips.read('demand_signals')).toMatchObject([
      { signalId: 'ride-1', kind: 'REQUEST', customerId: 'c-1', market: 'new_york' }
    ])
  })

  test('goes to the partition of its market, not of its key', async () => {
    const trips = startTrips()
    const chicago = { market: 'chicago', pickup: places.loop, dropoff: places.lincolnPark }
    await trips.request(chicago)
    const { partition } = trips.driver.read('dispatch_requests')[0] ?? {}
    expect(partition).toBe(1)
    expect(trips.driver.read('demand_signals')[0]?.partition).toBe(1)
  })

  test.each([
    ['a pickup outside', { pickup: places.ocean }, 'pickup_outside_service_area'],
    ['a market unknown', { market: 'atlantis' }, 'pickup_outside_service_area'],
    ['a dropoff outside', { dropoff: places.ocean }, 'dropoff_outside_service_area'],
    ['a dropoff elsewhere', { dropoff: places.loop }, 'dropoff_outside_service_area'],
    ['a forged quote', { quoteToken: 'q1.forged.token' }, 'quote_invalid'],
    ['an expired quote', { quoteToken: quote({ expiresAt: startMs }) }, 'quote_expired'],
    ['another trip', { quoteToken: quote({ dropoff: places.brooklyn }) }, 'quote_mismatch'],
    ['another rider', { quoteToken: quote({ customerId: 'c-2' }) }, 'quote_mismatch']
  ])('with %s is rejected with its reason', async (_, fields, reason) => {
    const trips = startTrips()
    await trips.request(fields)
    expect(trips.read('ride_events')).toMatchObject([
      { type: 'RIDE_REJECTED', seq: 1, ride: { status: 'REJECTED', reason } }
    ])
    expect(trips.dispatches()).toEqual([])
    expect(trips.read('trips_closed')).toMatchObject([{ rideId: 'ride-1', status: 'REJECTED' }])
  })

  test.each([
    ['rejected', { market: 'atlantis' }],
    ['cancelled', {}]
  ])('and %s at once does not end before it was requested', async (_, fields) => {
    const trips = startTrips()
    // The edge's clock is ahead of task time.
    const requestedAt = startMs + 600
    await trips.request({ ...fields, requestedAt })
    await trips.rider('CANCEL')
    expect(await trips.ride()).toMatchObject({ requestedAt, endedAt: requestedAt })
  })

  test('with a quote pays the quoted fare', async () => {
    const trips = startTrips()
    await trips.request({ quoteToken: quote({}) })
    expect(await trips.ride()).toMatchObject({ quoteId: 'quote-1', fare: { totalMinor: 4_200 } })
  })

  test('refused by intake is rejected, and closing a ride frees its slot', async () => {
    const trips = startTrips()
    for (const rideId of ['ride-1', 'ride-2', 'ride-3']) await trips.request({ rideId })
    expect(await trips.ride('ride-3')).toMatchObject({
      status: 'REJECTED',
      reason: 'too_many_open_rides'
    })
    await trips.rider('CANCEL')
    await trips.request({ rideId: 'ride-4' })
    expect((await trips.ride('ride-4'))?.status).toBe('REQUESTED')
  })
})

describe('the way of a ride', () => {
  test('from request to bill tells each step with a dense seq', async () => {
    const trips = await startTripsAt('COMPLETED')
    const events = trips.driver.all('ride_events').map(({ value }) => value)
    expect(events.map((event) => [event?.seq, event?.type])).toEqual([
      [1, 'RIDE_REQUESTED'],
      [2, 'RIDE_MATCHED'],
      [3, 'RIDE_ACCEPTED'],
      [4, 'DRIVER_ARRIVED'],
      [5, 'RIDE_STARTED'],
      [6, 'RIDE_COMPLETED']
    ])
    expect(trips.driver.all('driver_commands').map(({ value }) => value?.kind)).toEqual([
      'ASSIGN',
      'RELEASE'
    ])
    expect(trips.driver.all('billing_tasks').map(({ key, value }) => [key, value])).toMatchObject([
      ['ride-1', { taskId: 'ride-1:TRIP', kind: 'TRIP', driverId: 'd-1', feeMinor: null }]
    ])
    const told = trips.driver.all('notification_tasks').map(({ value }) => value)
    expect(told.map((task) => `${task?.template} ${task?.notificationId}`).sort()).toEqual([
      'driver_arrived ride-1:4:c-1',
      'ride_accepted ride-1:3:c-1',
      'ride_completed ride-1:6:c-1',
      'ride_completed ride-1:6:d-1',
      'ride_offer ride-1:2:d-1',
      'ride_started ride-1:5:c-1'
    ])
  })

  test('releases the driver where the trip ended', async () => {
    const trips = await startTripsAt('STARTED')
    await trips.act('END', { place: places.brooklyn })
    expect(trips.read('driver_commands')).toMatchObject([
      { kind: 'RELEASE', place: places.brooklyn, placeAt: startMs }
    ])
  })

  test('is rated once by each side', async () => {
    const trips = await startTripsAt('COMPLETED')
    await trips.rider('RATE', { rating: 5 })
    await trips.act('RATE', { rating: 4 })
    expect(trips.events()).toEqual(['RIDE_RATED', 'RIDE_RATED'])
    expect(await trips.ride()).toMatchObject({ riderRating: 5, driverRating: 4, seq: 8 })
    expect(trips.outcomes()).toEqual(['rate: APPLIED', 'rate: APPLIED'])
    await trips.act('RATE', { rating: 9 })
    await trips.act('RATE', { rating: 3 })
    await trips.act('RATE', { rating: 4 })
    expect(trips.outcomes()).toEqual([
      'rate: rating_invalid',
      'rate: already_rated',
      'rate: APPLIED'
    ])
    await trips.rider('RATE', { actorId: 'c-2', rating: 3 })
    expect(trips.outcomes()).toEqual(['rate: not_your_ride'])
    expect(trips.events()).toEqual([])
  })

  test('leaves the store an hour after its end, with a tombstone', async () => {
    const trips = await startTripsAt('COMPLETED')
    await trips.advance(policy.rideRetentionMs - 1)
    expect(await trips.state()).toBeDefined()
    await trips.advance(1)
    expect(await trips.state()).toBeUndefined()
    expect((await trips.driver.entries('trips', 'rides', 'timers')).size).toBe(0)
  })
})

describe('the timers of a ride (S5)', () => {
  test('repeat the dispatch request while it waits, and only then', async () => {
    const trips = startTrips()
    await trips.request()
    trips.dispatches()
    await trips.advance(2 * policy.resendMs)
    expect(trips.dispatches()).toEqual(['ADD 1', 'ADD 1'])
    await trips.result()
    expect(trips.dispatches()).toEqual(['WITHDRAW 1'])
    await trips.advance(policy.resendMs)
    expect(trips.dispatches()).toEqual([])
  })

  test('end a ride nobody takes', async () => {
    const trips = startTrips()
    await trips.request()
    await trips.advance(policy.waitLimitMs)
    expect(trips.events()).toEqual(['RIDE_REQUESTED', 'MATCHING_FAILED'])
    expect((await trips.ride())?.status).toBe('NO_DRIVERS_AVAILABLE')
    expect(trips.dispatches().at(-1)).toBe('WITHDRAW 1')
  })

  test('leave a pending ride its offer when the wait limit passes, and end it after', async () => {
    const trips = startTrips()
    await trips.request()
    await trips.advance(policy.waitLimitMs - 1_000)
    await trips.result()
    await trips.advance(2_000)
    expect((await trips.ride())?.status).toBe('PENDING_ACCEPTANCE')
    await trips.act('DECLINE')
    expect(trips.events().slice(-2)).toEqual(['OFFER_DECLINED', 'MATCHING_FAILED'])
    expect(trips.commands()).toEqual(['RELEASE ride-1/1/d-1'])
  })

  test('expire an offer, exclude the driver and look again (S7)', async () => {
    const trips = await startTripsAt('PENDING_ACCEPTANCE')
    await trips.advance(policy.offerMs)
    expect(trips.events()).toEqual(['OFFER_EXPIRED'])
    expect(await trips.ride()).toMatchObject({
      status: 'REQUESTED',
      attempt: 2,
      excluded: ['d-1'],
      driverId: null,
      offerId: null,
      offersExpired: 1
    })
    expect(trips.commands()).toEqual(['RELEASE ride-1/1/d-1'])
    expect(trips.dispatches()[0]).toBe('ADD 2')
  })

  test('lose against an accept stamped before the deadline, after any outage (S10)', async () => {
    const trips = await startTripsAt('PENDING_ACCEPTANCE')
    const deadlineMs = startMs + policy.offerMs
    await trips.driver.setWall(deadlineMs + 60_000)
    const accept = { type: 'ACCEPT', offerId: 'ride-1/1/d-1' } as const
    await trips.driver.pipe('driver_actions', 'ride-1', aDriverAction(accept), {
      timestampMs: deadlineMs
    })
    expect(trips.events()).toEqual(['RIDE_ACCEPTED'])
  })

  test('allow a no-show after the wait at the pickup, not before, and charge for it', async () => {
    const trips = await startTripsAt('ARRIVED')
    await trips.advance(policy.noShowMs - 1)
    await trips.act('NO_SHOW')
    expect(trips.outcomes()).toEqual(['no_show: no_show_too_early'])
    await trips.advance(1)
    expect(trips.read('notification_tasks')).toMatchObject([
      { template: 'no_show_available', userId: 'd-1' }
    ])
    await trips.act('NO_SHOW')
    expect(await trips.ride()).toMatchObject({
      status: 'CANCELLED',
      endedBy: 'driver',
      reason: 'no_show'
    })
    expect(trips.read('billing_tasks')).toMatchObject([
      { taskId: 'ride-1:CANCELLATION_FEE', kind: 'CANCELLATION_FEE', reason: 'no_show' }
    ])
    expect(trips.commands()).toEqual(['RELEASE ride-1/1/d-1'])
  })
})

describe('cancelling', () => {
  test('is free before a driver accepted', async () => {
    const trips = await startTripsAt('PENDING_ACCEPTANCE')
    await trips.rider('CANCEL', { reason: 'changed_my_mind' })
    expect(await trips.ride()).toMatchObject({
      status: 'CANCELLED',
      endedBy: 'rider',
      reason: 'changed_my_mind',
      feeMinor: null
    })
    expect(trips.commands()).toEqual(['RELEASE ride-1/1/d-1'])
    expect(trips.read('billing_tasks')).toEqual([])
  })

  test('late costs a fee, billed once', async () => {
    const trips = await startTripsAt('ACCEPTED')
    await trips.advance(policy.freeCancelMs + 1)
    await trips.rider('CANCEL')
    const [task, ...others] = trips.read('billing_tasks')
    expect(others).toEqual([])
    expect(task).toMatchObject({ kind: 'CANCELLATION_FEE', customerId: 'c-1', driverId: 'd-1' })
    expect(task?.feeMinor).toBe((await trips.ride())?.feeMinor)
    expect(trips.read('notification_tasks').map(({ userId }) => userId)).toEqual(
      expect.arrayContaining(['c-1', 'd-1'])
    )
  })

  test('is open to the partner whose guest rides, and to no other', async () => {
    const trips = startTrips()
    await trips.request({ customerId: 'hotel-1.room-7' })
    for (const actorId of ['hotel-2.', 'hotel-1', 'room-7', 'hotel-1.room-8', 'hotel-1.']) {
      await trips.rider('CANCEL', { actorId, actionId: `by-${actorId}` })
    }
    expect(trips.outcomes().sort()).toEqual([
      'cancel: APPLIED',
      ...Array(4).fill('cancel: not_your_ride')
    ])
    expect(await trips.ride()).toMatchObject({ status: 'CANCELLED', endedBy: 'rider' })
    expect(trips.read('ride_events').at(-1)?.actorId).toBe('hotel-1.')
  })

  test('is open to an admin at any time, without a fee, and to no stranger', async () => {
    const trips = await startTripsAt('STARTED')
    await trips.rider('CANCEL', { actorId: 'c-2' })
    await trips.rider('CANCEL', { actorId: 'c-1' })
    await trips.rider('CANCEL', { actorId: 'admin-1', actorRole: 'ADMIN' })
    expect(trips.outcomes().sort()).toEqual([
      'cancel: APPLIED',
      'cancel: not_your_ride',
      'cancel: ride_started'
    ])
    expect(await trips.ride()).toMatchObject({
      status: 'CANCELLED',
      endedBy: 'admin',
      feeMinor: null
    })
  })
})

function quote(fields: Partial<Quote>): string {
  const fare = {
    currency: 'USD',
    baseMinor: 4_200,
    distanceMinor: 0,
    timeMinor: 0,
    surgeMinor: 0,
    bookingMinor: 0,
    minimumTopUpMinor: 0,
    totalMinor: 4_200,
    distanceMeters: 3_000,
    durationSeconds: 900,
    surgePercent: 100
  }
  const whole = {
    quoteId: 'quote-1',
    customerId: 'c-1',
    market: 'new_york',
    pickup: places.unionSquare,
    dropoff: places.timesSquare,
    fare,
    expiresAt: startMs + 60_000
  }
  return signQuote({ ...whole, ...fields }, quoteSecret)
}
