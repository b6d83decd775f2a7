/**
 * @module Windowed programs over random numbers: records with times that jump about, and what a
 * program makes of them under any split into polls, commits and restarts.
 */
import fc from 'fast-check'
import { longFormat } from '../../runtime/index.ts'
import type { KGroupedStream, KTable, Windowed, WindowedOptions } from '../index.ts'
import { drive, numberResults, numbers } from './program.ts'

export interface TimedNumber {
  readonly key: string
  readonly value: number
  readonly timestampMs: number
}

/** Where the random times begin, so that no window begins before the epoch. */
const originMs = 10_000

/** Time of the record that closes all windows of a test. */
const farMs = 10_000_000

/** Up to 40 records of three keys within `spanMs`, in any order of their times. */
export function timedNumbers(spanMs: number): fc.Arbitrary<TimedNumber[]> {
  return fc.array(
    fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      value: fc.integer({ min: 1, max: 9 }),
      timestampMs: fc.nat(spanMs).map((ms) => originMs + ms)
    }),
    { maxLength: 40 }
  )
}

/** A result of a window; null where it was taken back. */
export interface WindowResult {
  readonly key: string
  readonly startMs: number
  readonly endMs: number
  readonly value: number | null
}

export interface WindowRun {
  /** All results in the order of their commits. */
  readonly results: WindowResult[]
  /** Windows that records were too late for. */
  readonly late: number
}

export type WindowedProgram = (
  grouped: KGroupedStream<number>,
  options: WindowedOptions<number> & { readonly cached?: boolean }
) => KTable<number, Windowed>

/** The sum of each window. */
export const summing = {
  name: 'sums',
  init: () => 0,
  add: (sum: number, n: number) => sum + n,
  merge: (earlier: number, later: number) => earlier + later,
  format: longFormat
}

export interface RunOptions {
  readonly emit: 'update' | 'close'
  readonly cached?: boolean
  readonly commitEveryRecords?: number
  /** After which records the tasks are run; after the last in any case. */
  readonly runsAfter?: readonly boolean[]
  /** After which records the tasks are dropped and restored from the log. */
  readonly restartsAfter?: readonly boolean[]
  /** False: no record at the end that closes all windows. */
  readonly closes?: boolean
}

/** Runs a program over records in one partition, by stream time only. */
export async function runWindowed(
  program: WindowedProgram,
  records: readonly TimedNumber[],
  options: RunOptions
): Promise<WindowRun> {
  const { emit, cached, commitEveryRecords } = options
  let late = 0
  const driver = drive(
    (builder) =>
      program(builder.stream(numbers).groupByKey(), {
        emit,
        ...(cached !== undefined && { cached }),
        late: { run: () => (late += 1) }
      })
        .toStream()
        .to(numberResults, { key: ({ key, startMs, endMs }) => `${key}@${startMs}_${endMs}` }),
    { closeOnIdle: false, ...(commitEveryRecords && { commitEveryRecords }) }
  )
  for (const [i, { key, value, timestampMs }] of records.entries()) {
    driver.append('numbers', key, value, { timestampMs })
    if (options.runsAfter?.[i] === true) await driver.run()
    if (options.restartsAfter?.[i] === true) await driver.restart()
  }
  await driver.run()
  if (options.closes !== false) await driver.pipe('numbers', 'far', 1, { timestampMs: farMs })
  const all = driver.all('number_results').map(({ key, value }) => parse(key, value as number))
  return { results: all.filter(({ key }) => key !== 'far'), late }
}

function parse(text: string, value: number | null): WindowResult {
  const [key, bounds] = text.split('@') as [string, string]
  const [startMs, endMs] = bounds.split('_').map(Number) as [number, number]
  return { key, startMs, endMs, value }
}

/** What a table of the results holds in the end, by key and bounds in order. */
export function finalOf(results: readonly WindowResult[]): Map<string, number> {
  const last = new Map<string, number>()
  for (const { key, startMs, endMs, value } of results) {
    const id = `${key}@${startMs}_${endMs}`
    last.delete(id)
    if (value !== null) last.set(id, value)
  }
  return new Map([...last].sort(([a], [b]) => (a < b ? -1 : 1)))
}
