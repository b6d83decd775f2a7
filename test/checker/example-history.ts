/**
 * @module A good history made by hand, and the makers of its variants.
 */
import type {
  Expected,
  History,
  HistoryInput,
  HistoryOutput,
  HistoryRead,
  HistoryStore
} from './index.ts'

/** Numbers the inputs of each key: an output per input, and the count in the store. */
export function counting(inputs: readonly HistoryInput[]): Expected {
  const counts = new Map<string, string>()
  const outputs = inputs.map(({ id, key }) => {
    const payload = String(Number(counts.get(key) ?? 0) + 1)
    counts.set(key, payload)
    return { topic: 'out', key, causeId: id, payload }
  })
  return { outputs, stores: { counts } }
}

export function anInput(
  offset: bigint,
  key: string,
  changes: Partial<HistoryInput> = {}
): HistoryInput {
  const timestampMs = Number(offset)
  const base = { id: `i${offset}`, key, topic: 'in', partition: 0, offset, timestampMs }
  return { ...base, outcome: 'ok', ...changes }
}

export function anOutput(
  offset: bigint,
  cause: string,
  key: string,
  payload: string
): HistoryOutput {
  return { topic: 'out', partition: 0, offset, key, causeId: cause, payload }
}

export const inputs = [anInput(0n, 'a'), anInput(1n, 'b'), anInput(2n, 'a'), anInput(3n, 'a')]
export const outputs = [
  anOutput(0n, 'i0', 'a', '1'),
  anOutput(1n, 'i1', 'b', '1'),
  anOutput(3n, 'i2', 'a', '2'),
  anOutput(4n, 'i3', 'a', '3')
]
export const store: HistoryStore = {
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

export const good: History = {
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

export function aRead(
  seen: readonly HistoryOutput[],
  changes: Partial<HistoryRead> = {}
): HistoryRead {
  const base = { reader: 'fresh', isolation: 'committed', isFinal: true } as const
  return { ...base, outputs: seen, ...changes }
}

/** The good history with other outputs; no projection, so that only the outputs are judged. */
export function withOutputs(seen: readonly HistoryOutput[]): History {
  return { ...good, reads: [aRead(seen)], projections: [] }
}

export function withStore(changes: Partial<HistoryStore>): History {
  return { ...good, stores: [{ ...store, ...changes }] }
}

export const [first, second, third, fourth] = outputs as [
  HistoryOutput,
  HistoryOutput,
  HistoryOutput,
  HistoryOutput
]

export function withProjection(changes: object): History {
  return { ...good, projections: (good.projections ?? []).map((p) => ({ ...p, ...changes })) }
}
