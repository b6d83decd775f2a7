import { describe, expect, test } from 'vitest'
import {
  anOutput,
  aRead,
  counting,
  first,
  fourth,
  good,
  outputs,
  second
} from './example-history.ts'
import {
  atMostOne,
  checkHistory,
  type DomainRule,
  type HistoryOutput,
  onlyTransitions,
  sumsUp
} from './index.ts'

describe('a domain rule', () => {
  const rest = checkHistory(good, counting)
  const judge = (seen: readonly HistoryOutput[], rule: DomainRule): string[] =>
    rule({ ...good, reads: [aRead(seen)] }).slice()

  test('is judged with the history', () => {
    const rule = sumsUp(() => ({ counted: 3, dropped: 0, inputs: 4 }))
    expect(checkHistory(good, counting, [rule])).toEqual([
      ...rest,
      { name: 'domain', detail: 'windows: counted 3 + dropped 0, expected 4 inputs' }
    ])
    const fine = sumsUp(() => ({ counted: 3, dropped: 1, inputs: 4 }))
    expect(checkHistory(good, counting, [fine])).toEqual([])
  })

  test('lets only legal transitions pass', () => {
    const rule = onlyTransitions({
      topic: 'out',
      stateOf: ({ payload }) => payload,
      legal: { start: ['1'], 1: ['2'], 2: ['3'] }
    })
    expect(judge(outputs, rule)).toEqual([])
    expect(judge([first, second, fourth], rule)).toEqual(['a: 1 -> 3'])
  })

  test('lets a driver be on one active trip only', () => {
    const rule = atMostOne({
      topic: 'out',
      move: ({ key, payload }) => {
        const [holder = '', what] = payload.split(' ')
        return what === 'ask' ? null : { holder, thing: key, isTaken: what === 'take' }
      }
    })
    const trip = (offset: bigint, ride: string, payload: string): HistoryOutput =>
      anOutput(offset, `c${offset}`, ride, payload)
    const fine = [trip(0n, 'r1', 'd1 take'), trip(1n, 'r1', 'd1 free'), trip(2n, 'r2', 'd1 take')]
    expect(judge([...fine, trip(3n, 'r3', 'd1 ask')], rule)).toEqual([])
    expect(judge([...fine, trip(3n, 'r3', 'd1 take')], rule)).toEqual(['d1: holds r2 and takes r3'])
  })
})
