/**
 * @module Histories made by hand with one thing wrong in each.
 */
import {
  anInput,
  anOutput,
  aRead,
  first,
  fourth,
  good,
  inputs,
  outputs,
  second,
  store,
  third,
  withOutputs,
  withProjection,
  withStore
} from './example-history.ts'
import type { AnomalyName, History } from './index.ts'

/** Each with the only anomaly it has, and what its first line says. */
export const bad: readonly {
  title: string
  name: AnomalyName
  history: History
  detail: RegExp
}[] = [
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
