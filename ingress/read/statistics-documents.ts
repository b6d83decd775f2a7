/**
 * Figures as answers carry them: each says as of when, for which period, and then itself.
 *
 * @module
 */
import Type, { type TProperties } from 'typebox'
import { closed, example } from '../http/index.ts'

const count = Type.Integer({ minimum: 0 })
const hour = Type.Integer({ description: 'Start of the hour, epoch ms' })
const minor = Type.Integer({ description: 'Minor units' })
const currency = Type.String({ description: 'ISO 4217' })
const share = Type.Union([Type.Number(), Type.Null()], {
  description: '0 to 1; null where there was none to count'
})
const meanSeconds = Type.Union([Type.Number(), Type.Null()], {
  description: 'From request to acceptance; null where nobody waited'
})

const figures = <Properties extends TProperties>(properties: Properties) =>
  closed({
    asOf: Type.Union([Type.Integer(), Type.Null()], {
      description: 'When the newest figure was written, epoch ms; null before the first'
    }),
    from: Type.Integer({ description: 'Start of the period, epoch ms, a whole hour' }),
    to: Type.Integer({ description: 'End of the period, epoch ms' }),
    ...properties
  })

const points = <Properties extends TProperties>(properties: Properties) =>
  figures({ points: Type.Array(closed(properties)) })

const exampleHour = 1_699_999_200_000
const period = {
  asOf: example.requestedAt,
  from: exampleHour,
  to: exampleHour + 3_600_000
}

/** Query that all examples share. */
export const examplePeriod = { from: period.from, to: period.to }

/** Totals. */
export const statistics = {
  schema: figures({
    rides: closed({
      requested: Type.Integer({
        minimum: 0,
        description: 'Taken up; those rejected are not among them'
      }),
      completed: count,
      cancelled: count,
      noDriversAvailable: count,
      rejected: count
    }),
    offers: closed({ made: count, accepted: count, acceptanceRate: share }),
    waiting: closed({ rides: count, meanSeconds }),
    revenue: Type.Array(closed({ currency, totalMinor: minor, driverEarningsMinor: minor }))
  }),
  example: {
    ...period,
    rides: { requested: 10, completed: 6, cancelled: 2, noDriversAvailable: 1, rejected: 1 },
    offers: { made: 8, accepted: 6, acceptanceRate: 0.75 },
    waiting: { rides: 6, meanSeconds: 10 },
    revenue: [{ currency: 'USD', totalMinor: 5_000, driverEarningsMinor: 4_000 }]
  }
}

/** Rides by how they ended. */
export const ridesByStatus = {
  schema: points({
    status: Type.Enum(['completed', 'cancelled', 'no_drivers_available', 'rejected']),
    rides: count
  }),
  example: {
    ...period,
    points: [
      { status: 'completed', rides: 6 },
      { status: 'cancelled', rides: 2 },
      { status: 'no_drivers_available', rides: 1 },
      { status: 'rejected', rides: 1 }
    ]
  }
}

/** Rides by hour. */
export const ridesByHour = {
  schema: points({ hour, requested: count, completed: count, cancelled: count }),
  example: { ...period, points: [{ hour: exampleHour, requested: 10, completed: 6, cancelled: 2 }] }
}

/** Revenue by currency and hour. */
export const revenue = {
  schema: figures({
    series: Type.Array(
      closed({ currency, points: Type.Array(closed({ hour, totalMinor: minor })) })
    )
  }),
  example: {
    ...period,
    series: [{ currency: 'USD', points: [{ hour: exampleHour, totalMinor: 5_000 }] }]
  }
}

/** Waiting by hour. */
export const waitingTime = {
  schema: points({ hour, rides: count, meanSeconds }),
  example: { ...period, points: [{ hour: exampleHour, rides: 6, meanSeconds: 10 }] }
}

/** Acceptance by hour. */
export const acceptanceRate = {
  schema: points({ hour, made: count, accepted: count, rate: share }),
  example: { ...period, points: [{ hour: exampleHour, made: 8, accepted: 6, rate: 0.75 }] }
}
