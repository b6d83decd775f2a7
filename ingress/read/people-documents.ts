/**
 * Customers and drivers as answers carry them.
 *
 * @module
 */
import Type from 'typebox'
import { closed, example, examplePapers, examplePerson, point } from '../http/index.ts'

const nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()])

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

const profile = closed(
  {
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
    vehicle: nullable(vehicle),
    licence: nullable(licence),
    registeredAt: Type.Integer({ description: 'Epoch ms' })
  },
  { title: 'Profile', description: 'What a person signed up with' }
)

const driverState = closed(
  {
    status: Type.Enum(['offline', 'available', 'reserved', 'on_trip']),
    sessionId: nullable(Type.String()),
    rideId: nullable(Type.String()),
    offerId: nullable(Type.String()),
    place: nullable(point),
    placeAt: nullable(Type.Integer({ description: 'When the place was reported, epoch ms' })),
    since: Type.Integer({ description: 'When the status began, epoch ms' }),
    version: Type.Integer({ description: 'Grows with every change of the driver' })
  },
  { title: 'DriverState', description: 'What a driver is doing now' }
)

/** Schema of `GET /customers/{id}`. */
export const customerDocument = closed({ customerId: Type.String(), profile })

/** Schema of `GET /drivers/{id}`. */
export const driverDocument = closed({
  driverId: Type.String(),
  profile: nullable(profile),
  state: nullable(driverState)
})

const { ssn: _ssn, ...shown } = examplePerson

const exampleProfile = {
  ...shown,
  ssnLast4: '6789',
  vehicle: null,
  licence: null,
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
