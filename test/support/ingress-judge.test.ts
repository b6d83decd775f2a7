import { describe, expect, test } from 'vitest'
import { type EdgeAnomaly, judgeIngress } from './ingress-judge.ts'
import type { Answer } from './ingress-load.ts'

const anAnswer = (over: Partial<Answer> = {}): Answer => ({
  topic: 'ride_requests',
  id: 'a',
  sentAtMs: 0,
  latencyMs: 10,
  status: 202,
  code: null,
  retryAfter: null,
  contentType: 'application/json',
  ...over
})

const aRefusal = (over: Partial<Answer> = {}): Answer =>
  anAnswer({
    status: 503,
    code: 'broker_unavailable',
    retryAfter: '2',
    contentType: 'application/problem+json',
    ...over
  })

const limits = { latencyMsMax: 1_000, mayBreakConnections: false }

const judge = (answers: readonly Answer[], writtenIds: readonly string[], isClean = false) =>
  Object.keys(judgeIngress({ answers, writtenIds, isClean, ...limits }))

describe('the judge of the ingress', () => {
  test('finds nothing when every 202 is kept, refusals are not, and doubt goes either way', () => {
    const answers = [
      anAnswer(),
      aRefusal({ id: 'b', retryAfter: '1' }),
      aRefusal({ id: 'c', code: 'unknown_outcome' }),
      aRefusal({ id: 'd', code: 'unknown_outcome' })
    ]
    expect(judge(answers, ['a', 'a', 'c'])).toEqual([])
  })

  const bad: [EdgeAnomaly, readonly Answer[], readonly string[]][] = [
    ['lost', [anAnswer()], []],
    ['refused-but-written', [aRefusal()], ['a']],
    ['unsent', [anAnswer()], ['a', 'z']],
    ['not-a-503', [anAnswer({ status: 500 })], []],
    ['not-a-503', [anAnswer({ status: 0 })], []],
    ['not-a-503', [aRefusal({ contentType: 'text/plain' })], []],
    ['no-retry-after', [aRefusal({ retryAfter: null })], []],
    ['no-retry-after', [aRefusal({ retryAfter: '4' })], []],
    ['not-spread', Array.from({ length: 30 }, (_, n) => aRefusal({ id: String(n) })), []],
    ['late', [anAnswer({ latencyMs: 1_001 })], ['a']]
  ]
  test.each(bad)('finds %s', (anomaly, answers, writtenIds) => {
    expect(judge(answers, writtenIds)).toEqual([anomaly])
  })

  test('takes a broken connection for no answer when the process was killed', () => {
    const evidence = { answers: [anAnswer({ status: 0 })], writtenIds: ['a'], isClean: false }
    expect(judgeIngress({ ...evidence, ...limits, mayBreakConnections: true })).toEqual({})
  })

  test('finds a record in doubt where nothing may be', () => {
    const answers = [aRefusal({ code: 'unknown_outcome' })]
    expect(judge(answers, ['a'], true)).toEqual(['more-than-answered'])
  })
})
