/**
 * @module The checker on histories made by hand: a good one passes, and each bad one yields exactly
 * the anomaly it was made for.
 */
import { describe, expect, test } from 'vitest'
import {
  type AnomalyName,
  anomalyNames,
  atMostOne,
  checkHistory,
  type DomainRule,
  type Expected,
  type History,
  type HistoryInput,
  type HistoryOutput,
  type HistoryRead,
  type HistoryStore,
  namesOf,
  onlyTransitions,
  reportAnomalies,
  sumsUp,
  textOf
} from './index.ts'

/** Numbers the inputs of each key: an output per input, and the count in the store. */
function counting(inputs: readonly HistoryInput[]): Expected {
  const counts = new Map<string, string>()
  const outputs = inputs.map(({ id, key }) => {
    const payload = String(Number(counts.get(key) ?? 0) + 1)
    counts.set(key, payload)
    return { topic: 'out', key, causeId: id, payload }
  })
  return { outputs, stores: { counts } }
}

function anInput(offset: bigint, key: string, changes: Partial<HistoryInput> = {}): HistoryInput {
  const timestampMs = Number(offset)
  const base = { id: `i${offset}`, key, topic: 'in', partition: 0, offset, timestampMs }
  return { ...base, outcome: 'ok', ...changes }
}

function anOutput(offset: bigint, cause: string, key: string, payload: string): HistoryOutput {
  return { topic: 'out', partition: 0, offset, key, causeId: cause, payload }
}

const inputs = [anInput(0n, 'a'), anInput(1n, 'b'), anInput(2n, 'a'), anInput(3n, 'a')]
const outputs = [
  anOutput(0n, 'i0', 'a', '1'),
  anOutput(1n, 'i1', 'b', '1'),
  anOutput(3n, 'i2', 'a', '2'),
  anOutput(4n, 'i3', 'a', '3')
]
const store: HistoryStore = {
  task: 'probe-counts-0',
  store: 'counts',
  partition: 0,
  position: 7n,
  committed: 7n,
  entries: new Map([
    ['a', '3'],
    ['b', '1']
  ])
}

const good: History = {
  group: 'g',
  sources: ['in'],
  inputs,
  reads: [aRead(outputs)],
  committed: [{ group: 'g', topic: 'in', partition: 0, offset: 4n }],
  ends: [
    { topic: 'in', partition: 0, high: 4n, stable: 4n },
    { topic: 'out', partition: 0, high: 6n, stable: 6n }
  ],
  stores: [store],
  probes: [{ task: store.task, store: 'counts', position: 3n, committed: 3n }],
  projections: [
    {
      name: 'totals',
      topic: 'out',
      documents: new Map([
        ['a', '3'],
        ['b', '1']
      ]),
      seen: [
        { key: 'a', version: 1 },
        { key: 'b', version: 1 },
        { key: 'a', version: 3 }
      ]
    }
  ],
  isAtRest: true,
  liveness: { took: 12, limit: 100 },
  nemesis: [{ name: 'crash', hits: 3 }]
}

function aRead(seen: readonly HistoryOutput[], changes: Partial<HistoryRead> = {}): HistoryRead {
  const base = { reader: 'fresh', isolation: 'committed', isFinal: true } as const
  return { ...base, outputs: seen, ...changes }
}

/** The good history with other outputs; no projection, so that only the outputs are judged. */
function withOutputs(seen: readonly HistoryOutput[]): History {
  return { ...good, reads: [aRead(seen)], projections: [] }
}

function withStore(changes: Partial<HistoryStore>): History {
  return { ...good, stores: [{ ...store, ...changes }] }
}

const [first, second, third, fourth] = outputs as [
  HistoryOutput,
  HistoryOutput,
  HistoryOutput,
  HistoryOutput
]

const bad: readonly { title: string; name: AnomalyName; history: History; detail: RegExp }[] = [
  {
    title: 'an output that is missing at the end of the log',
    name: 'lost',
    history: withOutputs([first, second, third]),
    detail: /out a: expected 3 caused by i3, got none/
  },
  {
    title: 'an output that is missing in the middle',
    name: 'lost',
    history: withOutputs([first, second, fourth]),
    detail: /expected 2 caused by i2/
  },
  {
    title: 'an acknowledged input that the log does not have',
    name: 'lost',
    history: {
      ...good,
      inputs: [...inputs, anInput(9n, 'c', { offset: null })]
    },
    detail: /i9 .* was acknowledged/
  },
  {
    title: 'an output twice',
    name: 'duplicate',
    history: withOutputs([...outputs, anOutput(9n, 'i0', 'a', '1')]),
    detail: /1 caused by i0 at out-0@9, already at 0/
  },
  {
    title: 'an output of an input that failed',
    name: 'phantom',
    history: {
      ...withOutputs([...outputs, anOutput(9n, 'bad', 'c', '1')]),
      inputs: [...inputs, anInput(4n, 'c', { id: 'bad', outcome: 'failed' })]
    },
    detail: /the input failed/
  },
  {
    title: 'an output that nothing caused',
    name: 'phantom',
    history: withOutputs([...outputs, anOutput(9n, 'nobody', 'c', '1')]),
    detail: /no input has this id/
  },
  {
    title: 'an output whose input is not committed',
    name: 'phantom',
    history: {
      ...withOutputs([...outputs, anOutput(9n, 'i4', 'c', '1')]),
      inputs: [...inputs, anInput(4n, 'c')],
      isAtRest: false
    },
    detail: /in-0@4, only 4 is committed/
  },
  {
    title: 'an aborted output that a read-committed reader saw',
    name: 'phantom',
    history: {
      ...good,
      reads: [
        ...good.reads,
        aRead([anOutput(2n, 'i2', 'a', '2')], { reader: 'live', isFinal: false })
      ]
    },
    detail: /live saw 2 caused by i2 at out-0@2.*aborted/
  },
  {
    title: 'an output with another value',
    name: 'wrong-value',
    history: withOutputs([first, second, third, { ...fourth, payload: '7' }]),
    detail: /expected 3, got 7 caused by i3 at out-0@4/
  },
  {
    title: 'two values at one offset',
    name: 'forked-offset',
    history: {
      ...good,
      reads: [
        ...good.reads,
        aRead([{ ...fourth, payload: '9' }], { reader: 'raw', isolation: 'uncommitted' })
      ]
    },
    detail: /out-0@4: fresh saw a 3 .*raw saw a 9/
  },
  {
    title: 'outputs of a key in another order',
    name: 'order',
    history: withOutputs([first, second, { ...third, offset: 4n }, { ...fourth, offset: 3n }]),
    detail: /expected i2 after i0, got 3 caused by i3/
  },
  {
    title: 'a key on two partitions',
    name: 'order',
    history: withOutputs([first, second, third, { ...fourth, partition: 1 }]),
    detail: /on partitions 0, 1/
  },
  {
    title: 'a store entry with another value',
    name: 'store-mismatch',
    history: withStore({
      entries: new Map([
        ['a', '4'],
        ['b', '1']
      ])
    }),
    detail: /probe-counts-0 counts a: expected 3, got 4/
  },
  {
    title: 'a store entry that is missing',
    name: 'store-mismatch',
    history: withStore({ entries: new Map([['a', '3']]) }),
    detail: /b: expected 1, got none/
  },
  {
    title: 'a store entry that no input made',
    name: 'orphan-key',
    history: withStore({ entries: new Map([...store.entries, ['z', '1']]) }),
    detail: /z: expected none, got 1/
  },
  {
    title: 'a state key of no task',
    name: 'orphan-key',
    history: { ...good, orphanKeys: ['hs:{probe-counts-9}:counts'] },
    detail: /belongs to no task/
  },
  {
    title: 'a store at rest beyond the committed offset',
    name: 'position-ahead',
    history: withStore({ position: 8n }),
    detail: /stood at 8, only 7 was committed/
  },
  {
    title: 'a store that was beyond the committed offset for a while',
    name: 'position-ahead',
    history: {
      ...good,
      probes: [{ task: store.task, store: 'counts', position: 5n, committed: 3n }]
    },
    detail: /stood at 5/
  },
  {
    title: 'a store at rest before the committed offset',
    name: 'position-behind',
    history: withStore({ position: 3n, entries: new Map([['a', '1']]) }),
    detail: /stands at 3, 7 is committed/
  },
  {
    title: 'a document that is not the last output',
    name: 'projection-mismatch',
    history: withProjection({
      documents: new Map([
        ['a', '2'],
        ['b', '1']
      ])
    }),
    detail: /totals a: expected 3, got 2/
  },
  {
    title: 'a document that no output made',
    name: 'projection-mismatch',
    history: withProjection({
      documents: new Map([
        ['a', '3'],
        ['b', '1'],
        ['z', '1']
      ])
    }),
    detail: /totals z: expected none/
  },
  {
    title: 'a document that went back',
    name: 'projection-regression',
    history: withProjection({
      seen: [
        { key: 'a', version: 3 },
        { key: 'b', version: 1 },
        { key: 'a', version: 2 }
      ]
    }),
    detail: /from version 3 to 2/
  },
  {
    title: 'a transaction that never ends',
    name: 'hanging-transaction',
    history: {
      ...good,
      ends: [...good.ends, { topic: 'log', partition: 0, high: 9n, stable: 6n }]
    },
    detail: /log-0: readable up to 6, the log ends at 9/
  },
  {
    title: 'an input at rest that nobody read',
    name: 'lag',
    history: {
      ...good,
      inputs: [...inputs, anInput(4n, 'a')],
      ends: [{ topic: 'in', partition: 0, high: 5n, stable: 5n }]
    },
    detail: /in-0: committed 4, the log ends at 5/
  },
  {
    title: 'faults that it never recovers from',
    name: 'not-live',
    history: { ...good, liveness: { took: null, limit: 100 } },
    detail: /never came to rest/
  },
  {
    title: 'a recovery that takes too long',
    name: 'not-live',
    history: { ...good, liveness: { took: 101, limit: 100 } },
    detail: /after 101, expected at most 100/
  },
  {
    title: 'a fault that did not happen',
    name: 'no-bite',
    history: { ...good, nemesis: [{ name: 'crash', hits: 0 }] },
    detail: /crash never happened/
  },
  {
    title: 'no aborted output where the crash point leaves one',
    name: 'no-bite',
    history: { ...good, expectsAborted: true },
    detail: /expected aborted outputs/
  }
]

function withProjection(changes: object): History {
  return { ...good, projections: (good.projections ?? []).map((p) => ({ ...p, ...changes })) }
}

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
