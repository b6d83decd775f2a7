import { describe, expect, test } from 'vitest'
import { compare } from '../comparison.ts'
import type { IngressFigures } from './bench.ts'
import { judge, ratioTo } from './targets.ts'

const peers = {
  express: compare([30, 40], [5, 10]),
  fastify: compare([30, 40], [10, 10]),
  hyperExpressEcho: compare([30, 40], [60, 80]),
  uwsEcho: compare([30, 40], [120, 160])
}
const run = {
  round: 1,
  connections: 512,
  records: 10,
  requests: 10,
  requestsPerSecond: 30,
  refused: 0,
  broken: 0,
  timedOut: 0,
  p50: 1,
  p90: 2,
  p99: 49,
  max: 60,
  serverCores: 1
}
const figures: IngressFigures = {
  rides: {
    isRight: true,
    comparisons: { 64: { ...peers, express: compare([1], [1]) }, 512: peers },
    runs: [
      { server: 'hailstream', ...run },
      { server: 'hailstream', ...run, connections: 64, p99: 900 },
      { server: 'express', ...run, p99: 900 }
    ]
  }
}

describe('the ingress bench', () => {
  test('tells its ratios and its latency at the most connections', () => {
    expect(ratioTo('express')(figures)).toBe(5)
    expect(judge(figures)).toEqual({
      expressRatio: { bar: 5, aim: 10, got: 5, isHeld: true },
      hyperExpressEchoRatio: { bar: 0, aim: 0.6, got: 0.5, isHeld: true },
      ridesP99Ms: { bar: 50, aim: null, got: 49, isHeld: true }
    })
  })

  test('judges nothing that did not run', () => {
    expect(judge({})).toEqual({})
  })
})
