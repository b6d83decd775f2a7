import { describe, expect, test } from 'vitest'
import type { RideStatus } from './records.ts'
import {
  holdsDriver,
  isEndedStatus,
  nextRideStatus,
  type RideTrigger,
  rideStatuses,
  rideTriggers
} from './ride-state.ts'

/** Every legal pair, written apart from the table: from, trigger, to. */
const legal = `
  NONE request REQUESTED
  NONE reject REJECTED
  REQUESTED offer_reserved PENDING_ACCEPTANCE
  REQUESTED offer_refused REQUESTED
  REQUESTED rider_cancel CANCELLED
  REQUESTED admin_cancel CANCELLED
  REQUESTED wait_limit NO_DRIVERS_AVAILABLE
  PENDING_ACCEPTANCE accept ACCEPTED
  PENDING_ACCEPTANCE decline REQUESTED
  PENDING_ACCEPTANCE offer_timeout REQUESTED
  PENDING_ACCEPTANCE offer_refused REQUESTED
  PENDING_ACCEPTANCE driver_cancel REQUESTED
  PENDING_ACCEPTANCE rider_cancel CANCELLED
  PENDING_ACCEPTANCE admin_cancel CANCELLED
  ACCEPTED arrive ARRIVED
  ACCEPTED driver_cancel REQUESTED
  ACCEPTED rider_cancel CANCELLED
  ACCEPTED admin_cancel CANCELLED
  ARRIVED start STARTED
  ARRIVED no_show CANCELLED
  ARRIVED driver_cancel REQUESTED
  ARRIVED rider_cancel CANCELLED
  ARRIVED admin_cancel CANCELLED
  STARTED end COMPLETED
  STARTED admin_cancel CANCELLED
  COMPLETED rate COMPLETED
`

const expected = new Map(
  legal
    .trim()
    .split('\n')
    .map((line) => line.trim().split(' '))
    .map(([from, trigger, to]) => [`${from} ${trigger}`, to])
)

describe('a ride', () => {
  test('moves by the legal pairs and by no other', () => {
    const seen: string[] = []
    for (const status of [null, ...rideStatuses]) {
      for (const trigger of rideTriggers) {
        const pair = `${status ?? 'NONE'} ${trigger}`
        expect([pair, nextRideStatus(status, trigger)]).toEqual([pair, expected.get(pair) ?? null])
        if (expected.has(pair)) seen.push(pair)
      }
    }
    expect(seen).toHaveLength(expected.size)
  })

  test('can reach every status from the request', () => {
    const reached = new Set<RideStatus | null>([null])
    for (const status of reached) {
      for (const trigger of rideTriggers) {
        const next = nextRideStatus(status, trigger)
        if (next !== null) reached.add(next)
      }
    }
    expect(reached.size).toBe(rideStatuses.length + 1)
  })

  test('has ended where nothing leads to another status', () => {
    for (const status of rideStatuses) {
      const leads = (trigger: RideTrigger): boolean =>
        ![null, status].includes(nextRideStatus(status, trigger))
      const moves = rideTriggers.some(leads)
      expect([status, isEndedStatus(status)]).toEqual([status, !moves])
      expect(holdsDriver(status) && isEndedStatus(status)).toBe(false)
    }
    expect(rideStatuses.filter(holdsDriver)).toEqual([
      'PENDING_ACCEPTANCE',
      'ACCEPTED',
      'ARRIVED',
      'STARTED'
    ])
  })
})
