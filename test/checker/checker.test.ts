/**
 * @module The checker on histories made by hand: a good one passes, and each bad one yields exactly
 * the anomaly it was made for.
 */
import { describe, expect, test } from 'vitest'
import { bad } from './bad-histories.ts'
import {
  anInput,
  anOutput,
  aRead,
  counting,
  first,
  good,
  inputs,
  outputs,
  second,
  store,
  third,
  withOutputs,
  withStore
} from './example-history.ts'
import {
  anomalyNames,
  checkHistory,
  type Expected,
  type History,
  namesOf,
  reportAnomalies,
  textOf
} from './index.ts'

describe('the checker', () => {
  test('finds nothing in a good history', () => {
    expect(checkHistory(good, counting)).toEqual([])
  })

  for (const { title, name, history, detail } of bad) {
    test(`reports ${name} for ${title}, and nothing else`, () => {
      expect(checkHistory(history, counting)).toEqual([
        { name, detail: expect.stringMatching(detail) }
      ])
    })
  }

  test('has a bad history for every kind of anomaly', () => {
    const covered = new Set([...bad.map(({ name }) => name), 'domain'])
    expect([...covered].sort()).toEqual([...anomalyNames].sort())
  })

  test('leaves out an input whose outcome is unknown and that the log does not have', () => {
    const lost = anInput(9n, 'a', { offset: null, outcome: 'unknown' })
    expect(checkHistory({ ...good, inputs: [lost, ...inputs] }, counting)).toEqual([])
  })

  test('expects the effect of an input whose outcome is unknown and that the log has', () => {
    const unknown = inputs.map((input) => ({ ...input, outcome: 'unknown' as const }))
    expect(checkHistory({ ...good, inputs: unknown }, counting)).toEqual([])
    const history = { ...withOutputs([first, second, third]), inputs: unknown }
    expect(namesOf(checkHistory(history, counting))).toEqual(['lost'])
  })

  test('expects two effects of an input that the log has twice', () => {
    const again = anInput(4n, 'a', { id: 'i3' })
    const history: History = {
      ...withOutputs([...outputs, anOutput(5n, 'i3', 'a', '4')]),
      inputs: [...inputs, again],
      committed: [{ group: 'g', topic: 'in', partition: 0, offset: 5n }],
      stores: [{ ...store, entries: new Map([...store.entries, ['a', '4']]) }]
    }
    expect(checkHistory(history, counting)).toEqual([])
  })

  test('allows lag, open transactions and stores behind before it is at rest', () => {
    const history: History = {
      ...withStore({ position: 3n, entries: new Map() }),
      inputs: [...inputs, anInput(4n, 'a')],
      ends: [{ topic: 'in', partition: 0, high: 5n, stable: 4n }],
      isAtRest: false
    }
    expect(checkHistory(history, counting)).toEqual([])
  })

  test('sees aborted outputs in a read-uncommitted read', () => {
    const raw = aRead([anOutput(2n, 'i2', 'a', '2')], { isolation: 'uncommitted', isFinal: false })
    const history: History = { ...good, reads: [...good.reads, raw], expectsAborted: true }
    expect(checkHistory(history, counting)).toEqual([])
  })

  test('does not count control records as lag where the end of the data is known', () => {
    const ends = [{ topic: 'in', partition: 0, high: 5n, stable: 5n, records: 4n }]
    expect(checkHistory({ ...good, ends }, counting)).toEqual([])
  })

  test('hands the inputs of several topics to the fold by timestamp, each topic in its order', () => {
    const history: History = {
      ...good,
      sources: ['in', 'in2'],
      inputs: [
        anInput(0n, 'a', { id: 'x', timestampMs: 10 }),
        anInput(1n, 'a', { id: 'y', timestampMs: 30 }),
        anInput(0n, 'a', { id: 'late', topic: 'in2', timestampMs: 20 }),
        anInput(1n, 'a', { id: 'older', topic: 'in2', timestampMs: 5 })
      ],
      committed: ['in', 'in2'].map((topic) => ({ group: 'g', topic, partition: 0, offset: 2n }))
    }
    let seen: string[] = []
    checkHistory(history, (given) => {
      seen = given.map(({ id }) => id)
      return counting(given)
    })
    expect(seen).toEqual(['x', 'late', 'older', 'y'])
  })

  test('refuses a history without a final read, and an oracle without a store', () => {
    expect(() => checkHistory({ ...good, reads: [] }, counting)).toThrow(/one final committed read/)
    const noStores = (): Expected => ({ outputs: [], stores: {} })
    expect(() => checkHistory(good, noStores)).toThrow(/expected the oracle to give store counts/)
  })
})

test('a report counts each kind and prints its first lines', () => {
  const history = withOutputs([])
  const report = reportAnomalies('seed 7', checkHistory(history, counting))
  expect(report.split('\n')).toEqual([
    'seed 7: 4 anomalies',
    '  lost x 4',
    '    out a: expected 1 caused by i0, got none',
    '    out a: expected 2 caused by i2, got none',
    '    out a: expected 3 caused by i3, got none'
  ])
})

test('equal values have equal texts', () => {
  expect(textOf({ b: 1n, a: { d: [1, { z: null, y: 2 }], c: 'x' } })).toBe(
    textOf({ a: { c: 'x', d: [1, { y: 2, z: null }] }, b: 1n })
  )
})
