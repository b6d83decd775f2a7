import { describe, expect, test } from 'vitest'
import { failedEquations } from './equations.ts'
import type { EventFact, Evidence } from './evidence.ts'
import { createReport, longestSilenceMs, openAt, percentile } from './report.ts'

const expectations = { isKilling: false, isFlushing: false, requests: 10, slowness: 1 }

const event = (rideId: string, seq: number, type: EventFact['type']): EventFact => ({
  rideId,
  seq,
  type,
  pickupEtaSeconds: type === 'RIDE_MATCHED' ? 100 : null
})

const life = (rideId: string, ...types: EventFact['type'][]): EventFact[] =>
  types.map((type, index) => event(rideId, index + 1, type))

const ended = (status: string, feeMinor: number | null = null) => ({ status, feeMinor })

/** Four rides, one of each end, seen alike from every side. */
function good(): Evidence {
  const ends = new Map([
    ['r1', ended('completed')],
    ['r2', ended('cancelled', 500)],
    ['r3', ended('no_drivers_available')],
    ['r4', ended('rejected')]
  ])
  const bills = [
    { billId: 'b1', rideId: 'r1', kind: 'TRIP' as const },
    { billId: 'b2', rideId: 'r2', kind: 'CANCELLATION_FEE' as const }
  ]
  return {
    refused: 1,
    unanswered: 0,
    accepted: [...ends.keys()].map((rideId, index) => ({
      rideId,
      sentAtMs: 1_000 * index,
      acceptedAtMs: 1_000 * index + 10
    })),
    api: ends,
    database: { rides: ends, bills },
    events: [
      ...life('r1', 'RIDE_REQUESTED', 'RIDE_MATCHED', 'RIDE_ACCEPTED', 'RIDE_COMPLETED'),
      ...life('r2', 'RIDE_REQUESTED', 'RIDE_MATCHED', 'RIDE_ACCEPTED', 'RIDE_CANCELLED'),
      ...life('r3', 'RIDE_REQUESTED', 'MATCHING_FAILED'),
      ...life('r4', 'RIDE_REJECTED')
    ],
    bills,
    notificationIds: ['n1', 'n2'],
    refusedActions: 3,
    seenAtMs: [100, 200, 5_200],
    matchedAtMs: new Map([
      ['r1', 1_500],
      ['r2', 3_000]
    ]),
    endedAtMs: new Map([['r1', 9_000]]),
    seenAtMsByEvent: new Map([
      ['r1:1', 1_000],
      ['r1:2', 1_500]
    ]),
    push: {
      frames: { ride: 2 },
      arrivals: [
        { rideId: 'r1', seq: 1, eventAtMs: 900, arrivedAtMs: 1_010 },
        { rideId: 'r1', seq: 2, eventAtMs: 1_400, arrivedAtMs: 1_490 }
      ],
      positionLatenessMs: [40, 20],
      phones: 2,
      reconnects: 0,
      failures: 0,
      closes: {},
      anomalies: [],
      anomalyCount: 0,
      resyncs: 0,
      resumed: 0,
      pollsWhileLive: 0,
      pollsWhileDown: 0,
      untold: 0
    }
  }
}

function failures(change: Partial<Evidence>): string[] {
  return failedEquations(createReport({ ...good(), ...change }), {}, expectations)
}

describe('a good history', () => {
  test('has its figures and no failure', () => {
    expect(createReport(good())).toMatchObject({
      refused: 1,
      accepted: 4,
      completed: 1,
      cancelled: 1,
      noDrivers: 1,
      rejected: 1,
      inFlight: 0,
      tripBills: 1,
      feeBills: 1,
      feeCancellations: 1,
      lost: 0,
      duplicates: 0,
      disagreeing: 0,
      strangers: 0,
      matchLatencyMs: { p50: 1_500, p99: 2_000 },
      pickupEtaSecondsMean: 100,
      push: {
        events: 2,
        gaps: 0,
        lateMs: { p50: 0, p95: 10, p99: 10, max: 10 },
        sinceEventMs: { p50: 90, p95: 110, p99: 110, max: 110 },
        positionMs: { p50: 20, p95: 40, p99: 40, max: 40 }
      }
    })
    expect(failures({})).toEqual([])
  })
})

describe('a bad history fails', () => {
  test('when the API does not show the end of an accepted ride', () => {
    const api = new Map([...good().api, ['r1', ended('started')]])
    const sentences = failures({ api })
    expect(sentences).toContain('inFlight = 0 does not hold: 1 and 0')
    expect(sentences).toContain('lost = 0 does not hold: 1 and 0')
    expect(sentences.join()).toContain('accepted = completed + cancelled')
  })

  test('when the database lacks an accepted ride', () => {
    const rides = new Map([...good().api].filter(([rideId]) => rideId !== 'r3'))
    const sentences = failures({ database: { ...good().database, rides } })
    expect(sentences).toContain('lost = 0 does not hold: 1 and 0')
  })

  test('when the numbers of the events have a gap', () => {
    const events = good().events.filter(({ rideId, seq }) => rideId !== 'r1' || seq !== 2)
    expect(failures({ events })).toEqual(['lost = 0 does not hold: 1 and 0'])
  })

  test('when an event, a bill or a notification is there twice', () => {
    const { events, bills, notificationIds, database } = good()
    expect(failures({ events: [...events, event('r1', 2, 'RIDE_MATCHED')] })).toEqual([
      'duplicates = 0 does not hold: 1 and 0'
    ])
    expect(failures({ notificationIds: [...notificationIds, 'n1'] })).toEqual([
      'duplicates = 0 does not hold: 1 and 0'
    ])
    const again = [...bills, { billId: 'b9', rideId: 'r1', kind: 'TRIP' as const }]
    expect(failures({ bills: again, database: { ...database, bills: again } })).toEqual([
      'tripBills = completed does not hold: 2 and 1',
      'duplicates = 0 does not hold: 1 and 0'
    ])
  })

  test('when a bill is missing, in the topic or in the database', () => {
    const { bills, database } = good()
    const fewer = bills.filter(({ kind }) => kind !== 'CANCELLATION_FEE')
    expect(failures({ bills: fewer, database: { ...database, bills: fewer } })).toEqual([
      'feeBills = fee-bearing cancellations does not hold: 0 and 1'
    ])
    expect(failures({ database: { ...database, bills: fewer } })).toEqual([
      'fee bills in the database = feeBills does not hold: 0 and 1'
    ])
  })

  test('when API and topic tell different ends, or a ride ends twice', () => {
    const events = good().events.map((fact) =>
      fact.type === 'RIDE_COMPLETED' ? { ...fact, type: 'RIDE_CANCELLED' as const } : fact
    )
    expect(failures({ events }).join()).toContain('disagree = 0 does not hold: 1 and 0')
    const twice = [...good().events, event('r1', 5, 'RIDE_CANCELLED')]
    expect(failures({ events: twice }).join()).toContain('disagree = 0 does not hold: 1 and 0')
  })

  test('when push left a gap, or did not tell a rider of the end', () => {
    const { push } = good()
    expect(failures({ push: { ...push, anomalyCount: 2 } })).toEqual([
      'gaps and repeats of push = 0 does not hold: 2'
    ])
    expect(failures({ push: { ...push, untold: 1 } })).toEqual([
      'rides whose rider was not told of the end by push = 0 does not hold: 1'
    ])
  })

  test('when the topic has rides nobody was told of', () => {
    const events = [...good().events, event('r9', 1, 'RIDE_REQUESTED')]
    expect(failures({ events }).join()).toContain('does not hold: 1 and 0')
    expect(failures({ events, unanswered: 1 })).toEqual([])
  })
})

describe('the targets of a full run', () => {
  const full = { ...expectations, requests: 700 }

  test('are failed by a run in which too little happened', () => {
    const sentences = failedEquations(createReport(good()), {}, full)
    expect(sentences).toContain('completed > 200 does not hold: 1')
    expect(sentences).toContain('reallocated > 0 does not hold: 0')
  })

  test('include the latency of a run without faults only', () => {
    const report = { ...createReport(good()), matchLatencyMs: { p50: 1, p99: 6_000 } }
    const slow = 'matchLatencyMs.p99 < 5000 does not hold: 6000'
    expect(failedEquations(report, {}, full)).toContain(slow)
    expect(failedEquations(report, {}, expectations)).toEqual([])
    expect(failedEquations(report, {}, { ...full, slowness: 1.3 })).not.toContain(slow)
    const killing = { ...full, isKilling: true }
    expect(failedEquations(report, { openAtKill: 50 }, killing)).not.toContain(slow)
  })

  test('include the size of the fault', () => {
    const both = { ...expectations, isKilling: true, isFlushing: true }
    expect(failedEquations(createReport(good()), { openAtKill: 49 }, both)).toEqual([
      'openAtKill >= 50 does not hold: 49',
      'openAtFlush >= 50 does not hold: 0',
      'restoredRecords > 0 does not hold: 0'
    ])
  })
})

describe('measures', () => {
  test('count the rides open at a moment', () => {
    expect(openAt(good(), 2_500)).toBe(3)
    expect(openAt(good(), 9_000)).toBe(3)
    expect(openAt(good(), 0)).toBe(0)
  })

  test('find the longest silence, also at the ends', () => {
    const { seenAtMs } = good()
    expect(longestSilenceMs(seenAtMs, { fromMs: 150, untilMs: 5_300 })).toBe(5_000)
    expect(longestSilenceMs(seenAtMs, { fromMs: 150, untilMs: 20_000 })).toBe(14_800)
    expect(longestSilenceMs([], { fromMs: 0, untilMs: 7 })).toBe(7)
  })

  test('take the nearest rank as a percentile', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1)
    expect([0.5, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([50, 99, 100])
    expect(percentile([], 0.99)).toBe(0)
  })
})
