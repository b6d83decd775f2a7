/**
 * Customers and drivers as answers carry them.
 *
 * @module
 */
import Type, { type TProperties } from 'typebox'
import type { DriverRecord } from '../../avro/index.ts'
import { closed, example, examplePapers, examplePerson, point } from '../http/index.ts'
import { documentFor, nullable } from './document.ts'
import type { UserProfile } from './ports.ts'
import { customerVisibility, driverStateVisibility, driverVisibility } from './projections.ts'

const vehicle = closed(
  {
    make: Type.String(),
    model: Type.String(),
    year: Type.Integer({ description: 'Model year' }),
    color: Type.String(),
    plate: Type.String()
  },
  { title: 'Vehicle' }
)

const licence = closed(
  {
    number: Type.String(),
    state: Type.String({ description: 'State of issue, two letters' }),
    expiresOn: Type.String({ description: 'YYYY-MM-DD' })
  },
  { title: 'Licence' }
)

const person: TProperties = {
  userId: Type.String(),
  firstName: Type.String(),
  lastName: Type.String(),
  email: Type.String(),
  phone: Type.String(),
  street: Type.String(),
  city: Type.String(),
  state: Type.String(),
  zip: Type.String(),
  ssnLast4: Type.String({ description: 'Last four digits; the number itself is never shown' }),
  registeredAt: Type.Integer({ description: 'Epoch ms' })
}

const customerProfile = documentFor<UserProfile>(person, customerVisibility, {
  title: 'CustomerProfile',
  description: 'What a customer signed up with',
  roles: ['customer', 'admin']
})

const driverProfile = documentFor<UserProfile>(
  { ...person, vehicle: nullable(vehicle), licence: nullable(licence) },
  driverVisibility,
  { title: 'DriverProfile', description: 'What a driver signed up with' }
)

type ShownState = Omit<DriverRecord, 'driverVersion'> & { version: number }

const driverState = documentFor<ShownState>(
  {
    status: Type.Enum(['offline', 'available', 'reserved', 'on_trip']),
    version: Type.Integer({ description: 'Grows with every change of the driver' }),
    sessionId: nullable(Type.String()),
    rideId: nullable(Type.String()),
    offerId: nullable(Type.String()),
    leaving: Type.Boolean({ description: 'Whether the driver goes offline after the ride' }),
    place: nullable(point),
    placeAt: nullable(Type.Integer({ description: 'When the place was reported, epoch ms' })),
    since: Type.Integer({ description: 'When the status began, epoch ms' })
  },
  { ...driverStateVisibility, version: driverStateVisibility.driverVersion },
  {
    title: 'DriverState',
    description: 'What a driver is doing now',
    roles: ['driver', 'admin']
  }
)

/** Schema of `GET /customers/{id}`. */
export const customerDocument = closed({ customerId: Type.String(), profile: customerProfile })

/** Schema of `GET /drivers/{id}`. */
export const driverDocument = closed({
  driverId: Type.String(),
  profile: nullable(driverProfile),
  state: Type.Optional(
    Type.Union([driverState, Type.Null()], { description: 'For driver and admin only' })
  )
})

const { ssn: _ssn, ...shown } = examplePerson

const exampleProfile = {
  ...shown,
  ssnLast4: '6789',
  registeredAt: example.requestedAt - 3_600_000
}

/** A customer. */
export const exampleCustomer = {
  customerId: example.customerId,
  profile: { userId: example.customerId, ...exampleProfile }
}

/** A driver who waits for a ride. */
export const exampleDriver = {
  driverId: example.driverId,
  profile: { userId: example.driverId, ...exampleProfile, ...examplePapers },
  state: {
    status: 'available',
    sessionId: example.idempotencyKey,
    rideId: null,
    offerId: null,
    place: example.pickup,
    placeAt: example.requestedAt,
    since: example.requestedAt,
    version: 3
  }
}
