/**
 * @module The summary of the streams bench from figures alone.
 */
import { describe, expect, test } from 'vitest'
import { compare } from '../comparison.ts'
import type { RaceResult } from '../race.ts'
import { chosenScenarios } from '../scenarios.ts'
import { type StreamsFigures, scenarios, summaryOf } from './bench.ts'

function aRace(ours: readonly number[], theirs: readonly number[], isRight = true): RaceResult {
  const expected = { entries: 1, sum: 1, checksum: '00000000' }
  return { ...compare(ours, theirs), expected, isRight, records: 1, runs: [] }
}

function aHop(p99: number, { ratePerSecond = 1_000, missing = 0 } = {}) {
  const latencyMs = { count: 1, mean: 1, p50: 1, p95: 1, p99, p999: p99, max: p99 }
  return { ratePerSecond, missing, latencyMs }
}

describe('the summary', () => {
  test('gives ours over Kafka Streams for each comparison, null for one that did not run', () => {
    const summary = summaryOf({
      windowedCount: aRace([300, 200], [100, 100]),
      join: aRace([1], [2])
    })
    expect(summary.ratio).toEqual({ windowedCount: 2.5, join: 0.5, sessionWindow: null })
    expect(summary.spread).toEqual({ windowedCount: 0.4, join: 0, sessionWindow: null })
    expect(summary.isRight).toBe(true)
  })

  test('says so when one run of one scenario answered wrong', () => {
    const figures: StreamsFigures = { join: aRace([1], [1]), sessionWindow: aRace([1], [1], false) }
    expect(summaryOf(figures).isRight).toBe(false)
  })

  test('judges only what ran, and the slowest rate of the hop by the median of its rounds', () => {
    const fast = { ratePerSecond: 20_000 }
    const { targets } = summaryOf({
      latency: [aHop(100), aHop(250, fast), aHop(900), aHop(260, fast), aHop(90), aHop(270, fast)]
    })
    expect(targets).toEqual({ hopP99Ms: { bar: 250, aim: 120, got: 260, isHeld: false } })
  })

  test('holds no latency target when a record never came out', () => {
    const latency = [aHop(10), aHop(10, { missing: 1 }), aHop(10)]
    expect(summaryOf({ latency }).targets['hopP99Ms']?.isHeld).toBe(false)
  })

  test('takes a limit as held from below and a rate from above', () => {
    const { targets } = summaryOf({
      windowedCount: aRace([100], [100]),
      idle: { tasks: 6, seconds: 20, cpuPercent: 1.9, residentMb: 90 }
    })
    expect(targets['windowedCountRatio']).toMatchObject({ got: 1, isHeld: true })
    expect(targets['idleCpuPercent']).toMatchObject({ got: 1.9, isHeld: true })
  })
})

describe('the choice of scenarios', () => {
  test('keeps the order of the run, whatever the order of the names', () => {
    expect(chosenScenarios(Object.keys(scenarios), ['idle', 'windowedCount'])).toEqual([
      'windowedCount',
      'idle'
    ])
    expect(chosenScenarios(Object.keys(scenarios), ['all'])).toHaveLength(6)
  })

  test('refuses a name that is none', () => {
    expect(() => chosenScenarios(Object.keys(scenarios), ['idel'])).toThrow('got idel')
  })
})
