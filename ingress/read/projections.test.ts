import { describe, expect, test } from 'vitest'
import { aBill, aDriver, aProfile, aRide } from '../testing/builders.ts'
import {
  billVisibility,
  createProjection,
  customerVisibility,
  driverStateVisibility,
  driverVisibility,
  rideVisibility,
  type Visibility
} from './projections.ts'
import { toRideDocument } from './ride-document.ts'

/** What each role sees, in words of its own: the table must say the same. */
const seen: [string, object, Visibility<never>, Record<string, string>][] = [
  [
    'a ride',
    aRide(),
    rideVisibility as Visibility<never>,
    {
      customer:
        'rideId status seq customerId driverId market pickup dropoff fare quoteId pickupEtaSeconds requestedAt ' +
        'waitUntil matchedAt acceptedAt arrivedAt startedAt endedAt endedBy reason feeMinor riderRating',
      driver:
        'rideId status seq driverId market pickup dropoff fare offerId pickupEtaSeconds requestedAt matchedAt ' +
        'acceptedAt arrivedAt startedAt endedAt endedBy feeMinor driverRating',
      admin: Object.keys(aRide()).join(' '),
      signup: ''
    }
  ],
  [
    'a bill',
    aBill(),
    billVisibility as Visibility<never>,
    {
      customer: 'billId rideId kind customerId driverId currency lines totalMinor issuedAt',
      driver: 'billId rideId kind driverId currency lines totalMinor driverEarningsMinor issuedAt',
      admin: Object.keys(aBill()).join(' '),
      signup: ''
    }
  ],
  [
    "a customer's profile",
    aProfile(),
    customerVisibility as Visibility<never>,
    {
      customer: 'userId firstName lastName email phone street city state zip ssnLast4 registeredAt',
      driver: '',
      admin: 'userId firstName lastName email phone street city state zip ssnLast4 registeredAt',
      signup: ''
    }
  ],
  [
    "a driver's profile",
    aProfile(),
    driverVisibility as Visibility<never>,
    {
      customer: 'firstName vehicle',
      driver: Object.keys(aProfile()).join(' '),
      admin: Object.keys(aProfile()).join(' '),
      signup: ''
    }
  ],
  [
    "a driver's state",
    aDriver(),
    driverStateVisibility as Visibility<never>,
    {
      customer: '',
      driver: 'status driverVersion sessionId offerId rideId place placeAt since',
      admin: 'status driverVersion sessionId offerId rideId leaving place placeAt since',
      signup: ''
    }
  ]
]

describe('who sees what', () => {
  for (const [name, record, visibility, fieldsByRole] of seen) {
    test.each(Object.entries(fieldsByRole))(`of ${name}: %s`, (role, fields) => {
      const project = createProjection(visibility as Visibility<object>)
      const shown = Object.keys(project(record, role as never))
      if (role === 'customer') {
        expect(Object.keys(project(record, 'partner'))).toEqual(shown)
      }
      expect(shown.toSorted()).toEqual(fields.split(' ').filter(Boolean).toSorted())
    })
  }

  test('is decided for every field a record has', () => {
    for (const [name, record, visibility] of seen) {
      expect(Object.keys(visibility).toSorted(), name).toEqual(Object.keys(record).toSorted())
    }
  })
})

describe('the document of a ride', () => {
  test('has the same bytes whatever the order of fields in its source', () => {
    const ride = aRide({ driverId: 'd-1' })
    const turned = Object.fromEntries(
      Object.entries({
        ...ride,
        fare: Object.fromEntries(Object.entries(ride.fare).reverse()),
        pickup: { lon: ride.pickup.lon, lat: ride.pickup.lat }
      }).reverse()
    ) as unknown as typeof ride
    for (const role of ['customer', 'driver', 'admin'] as const) {
      expect(JSON.stringify(toRideDocument(turned, role))).toBe(
        JSON.stringify(toRideDocument(ride, role))
      )
    }
  })
})
