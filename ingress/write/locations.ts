/**
 * Positions of drivers, one by one and in batches. A batch is answered item by item: what a phone
 * collected in a tunnel must not be lost because one point of it is bad.
 *
 * @module
 */
import Type from 'typebox'
import type { DriverLocation } from '../../avro/index.ts'
import { requireSubject } from '../auth/index.ts'
import {
  closed,
  createBodyValidator,
  type Exchange,
  epochMs,
  latitude,
  longitude,
  Problem,
  routeDefiner,
  text
} from '../http/index.ts'
import type { WriteServices } from './services.ts'

const defineRoute = routeDefiner<WriteServices>()

/** Points in one request; at 150 bytes a point 200 are 30 KB. */
const pointsMax = 200

const location = closed({
  lat: latitude,
  lon: longitude,
  accuracyMeters: Type.Optional(Type.Number({ minimum: 0, maximum: 100_000 })),
  headingDegrees: Type.Optional(Type.Number({ minimum: 0, maximum: 360 })),
  speedMps: Type.Optional(Type.Number({ minimum: 0, maximum: 1_000 })),
  deviceTime: epochMs('When the device measured it, epoch ms'),
  sessionId: Type.Optional(text(64, 'The session of the driver, from going online'))
})

type Location = Type.Static<typeof location>
type ItemResult = {
  index: number
  status: 'accepted' | 'invalid' | 'retry'
  detail?: string
}

const status = Type.Union([
  Type.Literal('accepted'),
  Type.Literal('invalid'),
  Type.Literal('retry')
])
const results = closed({
  results: Type.Array(
    closed({ index: Type.Integer(), status, detail: Type.Optional(Type.String()) })
  )
})

const reportLocation = defineRoute({
  method: 'POST',
  path: '/drivers/:driverId/location',
  summary: 'Report a position',
  tag: 'drivers',
  roles: ['driver', 'admin'],
  limit: 'location',
  idempotency: 'none',
  body: location,
  responses: {
    202: { description: 'Accepted', schema: closed({ status: Type.Literal('accepted') }) }
  },
  handler: async (exchange, services) => {
    const driverId = ownDriver(exchange)
    await publish(exchange, driverId, exchange.body, services)
    return { status: 202, body: { status: 'accepted' } }
  }
})

const reportLocations = defineRoute({
  method: 'POST',
  path: '/drivers/:driverId/locations',
  summary: 'Report positions collected while offline',
  tag: 'drivers',
  roles: ['driver', 'admin'],
  limit: 'location',
  idempotency: 'none',
  body: closed({
    points: Type.Array(Type.Unknown(), {
      minItems: 1,
      maxItems: pointsMax,
      description: 'Each as in POST /drivers/{driverId}/location; judged one by one'
    })
  }),
  responses: {
    202: { description: 'All accepted', schema: results },
    207: { description: 'Some not accepted; send those marked retry again', schema: results }
  },
  handler: async (exchange, services) => {
    const driverId = ownDriver(exchange)
    const settled = await Promise.all(
      exchange.body.points.map((item, index) =>
        takeItem(exchange, { driverId, item, index }, services)
      )
    )
    const isAll = settled.every(({ status }) => status === 'accepted')
    return { status: isAll ? 202 : 207, body: { results: settled } }
  }
})

const validateLocation = createBodyValidator(location)

const takeItem = async (
  exchange: Exchange,
  { driverId, item, index }: { driverId: string; item: unknown; index: number },
  services: WriteServices
): Promise<ItemResult> => {
  try {
    validateLocation(item)
    await publish(exchange, driverId, item as Location, services)
    return { index, status: 'accepted' }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const isClientFault = error.status < 500
    return {
      index,
      status: isClientFault ? 'invalid' : 'retry',
      detail: error.detail ?? error.code
    }
  }
}

const ownDriver = ({ identity, params }: Exchange): string => {
  const driverId = params['driverId'] ?? ''
  requireSubject(identity, driverId)
  return driverId
}

const publish = (
  exchange: Exchange,
  driverId: string,
  place: Location,
  { events }: WriteServices
): Promise<void> => {
  const value: DriverLocation = {
    driverId,
    sessionId: place.sessionId ?? null,
    lat: place.lat,
    lon: place.lon,
    accuracyMeters: place.accuracyMeters ?? null,
    headingDegrees: place.headingDegrees ?? null,
    speedMps: place.speedMps ?? null,
    deviceTime: place.deviceTime,
    receivedAt: exchange.receivedAt
  }
  return events.publish(
    {
      topic: 'driver_location_updates',
      key: driverId,
      id: `${driverId}:${place.deviceTime}`,
      value,
      at: exchange.receivedAt
    },
    exchange
  )
}

/** Routes of positions. */
export const locationRoutes = [reportLocation, reportLocations]
