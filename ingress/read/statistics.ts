/**
 * Figures for administrators, from hourly roll-ups that a sink keeps. Every answer says as of when.
 *
 * @module
 */
import Type, { type TSchema } from 'typebox'
import {
  closed,
  conditionalReply,
  epochMs,
  notModified,
  Problem,
  type Route,
  routeDefiner,
  text
} from '../http/index.ts'
import { freshnessHeaders } from './freshness-headers.ts'
import type { HourFigures, HoursQuery } from './ports.ts'
import type { ReadServices } from './services.ts'
import * as documents from './statistics-documents.ts'

const hourMs = 3_600_000
const spanMsDefault = 24 * hourMs
const spanMsMax = 31 * 24 * hourMs

const query = closed({
  from: Type.Optional(epochMs('Start, epoch ms; a day before the end by default')),
  to: Type.Optional(epochMs('End, epoch ms; now by default')),
  market: Type.Optional(text(64, 'Id of one market, which may be one of the past; all by default'))
})

type Period = { from?: number; to?: number; market?: string }
/** One point of a chart. */
type Point = Record<string, string | number | null>

type Figures = {
  summary: string
  document: { schema: TSchema; example: unknown }
  toBody: (hours: readonly HourFigures[]) => Record<string, unknown>
}

const createRoute = (path: string, { summary, document, toBody }: Figures): Route<ReadServices> =>
  routeDefiner<ReadServices>()({
    method: 'GET',
    path: `/admin/${path}`,
    summary,
    tag: 'admin',
    roles: ['admin'],
    limit: 'read',
    idempotency: 'none',
    query,
    responses: {
      200: {
        description: 'asOf, from, to and the figures',
        ...document,
        headers: ['etag']
      },
      304: notModified
    },
    problems: ['reads_unavailable'],
    example: { query: documents.examplePeriod },
    handler: async ({ query, receivedAt, ifNoneMatch }, { clock, guard, history }) => {
      const period = periodOf(query, receivedAt)
      const found = await guard(() => history.hours(period))
      const { asOf, hours } = found.value
      const { from, to } = period
      const headers = freshnessHeaders(clock, found)
      return conditionalReply({ asOf, from, to, ...toBody(hours) }, { ifNoneMatch, headers })
    }
  })

const periodOf = ({ from, to, market }: Period, nowMs: number): HoursQuery => {
  const end = to ?? nowMs
  // Roll-ups are whole hours: a period that begins within one takes all of it.
  const start = Math.floor((from ?? end - spanMsDefault) / hourMs) * hourMs
  if (start >= end || end - start > spanMsMax + hourMs) {
    const errors = [{ path: 'from', message: 'must be before to, by 31 days at most' }]
    throw new Problem('validation_failed', { errors })
  }
  return { from: start, to: end, ...(market === undefined ? {} : { market }) }
}

const sum = (hours: readonly HourFigures[], of: (hour: HourFigures) => number): number =>
  hours.reduce((total, hour) => total + of(hour), 0)

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)

const meanWaitSeconds = (hours: readonly HourFigures[]): number | null =>
  ratio(
    sum(hours, (hour) => hour.waitMsTotal) / 1_000,
    sum(hours, (hour) => hour.waits)
  )

const totals = (hours: readonly HourFigures[]): Record<string, unknown> => {
  const offersMade = sum(hours, (hour) => hour.offersMade)
  const offersAccepted = sum(hours, (hour) => hour.offersAccepted)
  const waits = sum(hours, (hour) => hour.waits)
  return {
    rides: {
      requested: sum(hours, (hour) => hour.requested),
      completed: sum(hours, (hour) => hour.completed),
      cancelled: sum(hours, (hour) => hour.cancelled),
      noDriversAvailable: sum(hours, (hour) => hour.unserved),
      rejected: sum(hours, (hour) => hour.rejected)
    },
    offers: {
      made: offersMade,
      accepted: offersAccepted,
      acceptanceRate: ratio(offersAccepted, offersMade)
    },
    waiting: { rides: waits, meanSeconds: meanWaitSeconds(hours) },
    revenue: byCurrency(hours)
  }
}

const billed = (hours: readonly HourFigures[]): HourFigures[] =>
  hours.filter(({ currency }) => currency !== null)

const byCurrency = (hours: readonly HourFigures[]): Point[] =>
  [...groupBy(billed(hours), ({ currency }) => currency)].map(([currency, group]) => ({
    currency,
    totalMinor: sum(group, (hour) => hour.revenueMinor),
    driverEarningsMinor: sum(group, (hour) => hour.driverEarningsMinor)
  }))

/** One point an hour, all markets together, in the order of time. */
const byHour = (
  hours: readonly HourFigures[],
  toPoint: (group: readonly HourFigures[]) => Point
): Point[] =>
  [...groupBy(hours, ({ hour }) => hour)]
    .sort(([a], [b]) => a - b)
    .map(([hour, group]) => ({ hour, ...toPoint(group) }))

const groupBy = <K>(
  hours: readonly HourFigures[],
  keyOf: (hour: HourFigures) => K
): Map<K, HourFigures[]> => {
  const groups = new Map<K, HourFigures[]>()
  for (const hour of hours) {
    const key = keyOf(hour)
    const group = groups.get(key) ?? []
    group.push(hour)
    groups.set(key, group)
  }
  return groups
}

const ridesByStatus = (hours: readonly HourFigures[]): Record<string, unknown> => ({
  points: [
    { status: 'completed', rides: sum(hours, (hour) => hour.completed) },
    { status: 'cancelled', rides: sum(hours, (hour) => hour.cancelled) },
    { status: 'no_drivers_available', rides: sum(hours, (hour) => hour.unserved) },
    { status: 'rejected', rides: sum(hours, (hour) => hour.rejected) }
  ]
})

const ridesByHour = (hours: readonly HourFigures[]): Record<string, unknown> => ({
  points: byHour(hours, (group) => ({
    requested: sum(group, (hour) => hour.requested),
    completed: sum(group, (hour) => hour.completed),
    cancelled: sum(group, (hour) => hour.cancelled)
  }))
})

const revenue = (hours: readonly HourFigures[]): Record<string, unknown> => ({
  series: [...groupBy(billed(hours), ({ currency }) => currency)].map(([currency, group]) => ({
    currency,
    points: byHour(group, (of) => ({ totalMinor: sum(of, (hour) => hour.revenueMinor) }))
  }))
})

const waitingTime = (hours: readonly HourFigures[]): Record<string, unknown> => ({
  points: byHour(hours, (group) => {
    const waits = sum(group, (hour) => hour.waits)
    return { rides: waits, meanSeconds: meanWaitSeconds(group) }
  })
})

const acceptanceRate = (hours: readonly HourFigures[]): Record<string, unknown> => ({
  points: byHour(hours, (group) => {
    const made = sum(group, (hour) => hour.offersMade)
    const accepted = sum(group, (hour) => hour.offersAccepted)
    return { made, accepted, rate: ratio(accepted, made) }
  })
})

/** Routes of figures. */
export const statisticsRoutes = [
  createRoute('statistics', {
    summary: 'Totals of a period',
    document: documents.statistics,
    toBody: totals
  }),
  createRoute('charts/rides-by-status', {
    summary: 'Rides by how they ended',
    document: documents.ridesByStatus,
    toBody: ridesByStatus
  }),
  createRoute('charts/rides-by-hour', {
    summary: 'Rides by hour',
    document: documents.ridesByHour,
    toBody: ridesByHour
  }),
  createRoute('charts/revenue', {
    summary: 'Revenue by hour and currency',
    document: documents.revenue,
    toBody: revenue
  }),
  createRoute('charts/waiting-time', {
    summary: 'Mean time from request to acceptance by hour',
    document: documents.waitingTime,
    toBody: waitingTime
  }),
  createRoute('charts/acceptance-rate', {
    summary: 'Share of offers accepted by hour',
    document: documents.acceptanceRate,
    toBody: acceptanceRate
  })
]
