/**
 * What has to hold after a run. Each equation is a sentence with its numbers, so that a failed one
 * says by itself what is wrong.
 *
 * @module
 */
import { demoTargets } from './config.ts'
import type { Report } from './report.ts'

/** Figures of the fault of a run, if there was one. */
export type FaultFigures = {
  readonly openAtKill?: number | undefined
  readonly gapMs?: number | undefined
  readonly openAtFlush?: number | undefined
  readonly restoredRecords?: number | undefined
}

/** What was asked of the run. */
export type Expectations = {
  readonly isKilling: boolean
  readonly isFlushing: boolean
  /** Requests of the run; figures of a small run reach no targets. */
  readonly requests: number
  /** How many times longer than on a fast machine things may take; see pace.ts. */
  readonly slowness: number
}

/** Runs of at least so many requests have to show everything that can happen to a ride. */
const requestsOfFullRun = 400

/** Whether a run of so many requests is judged by its figures, and not by its accounts alone. */
export const isFullRun = (requests: number): boolean => requests >= requestsOfFullRun

/** The sentences that do not hold; empty when all is well. */
export function failedEquations(
  report: Report,
  faults: FaultFigures,
  expected: Expectations
): string[] {
  const isFull = isFullRun(expected.requests)
  const isDisturbed = expected.isKilling || expected.isFlushing
  return [
    ...accounts(report),
    ...pushed(report, isFull),
    ...(isDisturbed ? [] : unbroken(report)),
    ...(isFull ? variety(report) : []),
    ...(isFull && !isDisturbed ? speed(report, expected.slowness) : []),
    ...faultsOf(faults, expected)
  ].flatMap(({ holds, sentence }) => (holds ? [] : [sentence]))
}

type Equation = { readonly holds: boolean; readonly sentence: string }

function accounts(report: Report): Equation[] {
  const { accepted, completed, cancelled, noDrivers, rejected } = report
  const ended = completed + cancelled + noDrivers + rejected
  const both = (name: string, left: number, other: string, right: number): Equation => ({
    holds: left === right,
    sentence: `${name} = ${other} does not hold: ${left} and ${right}`
  })
  return [
    both('accepted', accepted, 'completed + cancelled + noDrivers + rejected', ended),
    both('inFlight', report.inFlight, '0', 0),
    both('tripBills', report.tripBills, 'completed', completed),
    both('feeBills', report.feeBills, 'fee-bearing cancellations', report.feeCancellations),
    both('trip bills in the database', report.storedTripBills, 'tripBills', report.tripBills),
    both('fee bills in the database', report.storedFeeBills, 'feeBills', report.feeBills),
    both('lost', report.lost, '0', 0),
    both('duplicates', report.duplicates, '0', 0),
    both('rides on whose end API, database and topic disagree', report.disagreeing, '0', 0),
    {
      holds: report.strangers <= report.unanswered,
      sentence: `rides without a 202 <= requests without an answer does not hold: ${report.strangers} and ${report.unanswered}`
    }
  ]
}

function pushed({ push }: Report, isFull: boolean): Equation[] {
  const { gaps, untold, events } = push
  return [
    { holds: gaps === 0, sentence: `gaps and repeats of push = 0 does not hold: ${gaps}` },
    {
      holds: untold === 0,
      sentence: `rides whose rider was not told of the end by push = 0 does not hold: ${untold}`
    },
    {
      holds: !isFull || events >= demoTargets.pushedMin,
      sentence: `events pushed >= ${demoTargets.pushedMin} does not hold: ${events}`
    }
  ]
}

/** Without a fault nobody has to come back, and no snapshot stands in for events. */
function unbroken({ push }: Report): Equation[] {
  return (['reconnects', 'resyncs'] as const).map((name) => ({
    holds: push[name] === 0,
    sentence: `push.${name} = 0 does not hold: ${push[name]}`
  }))
}

function variety(report: Report): Equation[] {
  const { completedMin } = demoTargets
  const names = [
    'cancelled',
    'noDrivers',
    'declined',
    'expired',
    'reallocated',
    'refusedActions'
  ] as const
  return [
    {
      holds: report.completed > completedMin,
      sentence: `completed > ${completedMin} does not hold: ${report.completed}`
    },
    ...names.map((name) => ({
      holds: report[name] > 0,
      sentence: `${name} > 0 does not hold: ${report[name]}`
    }))
  ]
}

function speed({ matchLatencyMs, push }: Report, slowness: number): Equation[] {
  const matchP99MsMax = Math.round(demoTargets.matchP99MsMax * slowness)
  const pushP99MsMax = Math.round(demoTargets.pushP99MsMax * slowness)
  return [
    {
      holds: matchLatencyMs.p99 < matchP99MsMax,
      sentence: `matchLatencyMs.p99 < ${matchP99MsMax} does not hold: ${matchLatencyMs.p99}`
    },
    {
      holds: push.lateMs.p99 < pushP99MsMax,
      sentence: `push.lateMs.p99 < ${pushP99MsMax} does not hold: ${push.lateMs.p99}`
    }
  ]
}

function faultsOf(faults: FaultFigures, { isKilling, isFlushing }: Expectations): Equation[] {
  const { openAtFaultMin } = demoTargets
  const { openAtKill = 0, openAtFlush = 0, restoredRecords = 0 } = faults
  const open = (name: string, rides: number): Equation => ({
    holds: rides >= openAtFaultMin,
    sentence: `${name} >= ${openAtFaultMin} does not hold: ${rides}`
  })
  return [
    ...(isKilling ? [open('openAtKill', openAtKill)] : []),
    ...(isFlushing
      ? [
          open('openAtFlush', openAtFlush),
          {
            holds: restoredRecords > 0,
            sentence: `restoredRecords > 0 does not hold: ${restoredRecords}`
          }
        ]
      : [])
  ]
}
