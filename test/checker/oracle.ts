/**
 * @module What should have come out: the inputs that count, in the order a task handles them, given to
 * the caller's sequential fold.
 */
import type { History, HistoryInput } from './history.ts'

export interface ExpectedOutput {
  readonly topic: string
  readonly key: string
  readonly causeId: string
  readonly payload: string
}

export interface Expected {
  /** In order for each key. */
  readonly outputs: readonly ExpectedOutput[]
  /** By store name, then key. */
  readonly stores: Readonly<Record<string, ReadonlyMap<string, string>>>
}

/** A pure fold over the inputs of one partition, in order. It knows nothing of commits or crashes. */
export type Oracle = (inputs: readonly HistoryInput[], partition: number) => Expected

/** Inputs that were given an offset below the committed one, by partition, in order. */
export function countedInputs(history: History): Map<number, HistoryInput[]> {
  const counted = new Map<number, Map<string, HistoryInput[]>>()
  for (const input of history.inputs) {
    if (!isCounted(history, input)) continue
    const topics = counted.get(input.partition) ?? new Map<string, HistoryInput[]>()
    counted.set(input.partition, topics)
    const inputs = topics.get(input.topic) ?? []
    topics.set(input.topic, inputs)
    inputs.push(input)
  }
  return new Map(
    [...counted].map(([partition, topics]) => [partition, merge(history.sources, topics)])
  )
}

/** True when the input's effect must be there. */
export function isCounted(history: History, input: HistoryInput): boolean {
  if (input.outcome === 'failed' || input.offset === null) return false
  return input.offset < committedOffset(history, input.topic, input.partition)
}

/** Next offset of the consuming group, 0 before its first commit. */
export function committedOffset(history: History, topic: string, partition: number): bigint {
  const found = history.committed.find(
    (commit) =>
      commit.group === history.group && commit.topic === topic && commit.partition === partition
  )
  return found?.offset ?? 0n
}

/** Expected outputs and stores of every partition that has any inputs or stores. */
export function expectationsOf(history: History, oracle: Oracle): Map<number, Expected> {
  const counted = countedInputs(history)
  const partitions = new Set([...counted.keys(), ...history.stores.map((s) => s.partition)])
  return new Map(
    [...partitions].sort((a, b) => a - b).map((p) => [p, oracle(counted.get(p) ?? [], p)])
  )
}

/** Lowest timestamp first among the heads of the topics, as a task merges its sources. */
function merge(
  sources: readonly string[],
  topics: ReadonlyMap<string, readonly HistoryInput[]>
): HistoryInput[] {
  const unknown = [...topics.keys()].find((topic) => !sources.includes(topic))
  if (unknown !== undefined) {
    throw new RangeError(`expected inputs of ${sources.join(', ')}, got one of ${unknown}`)
  }
  const queues = sources.map((topic) =>
    [...(topics.get(topic) ?? [])].sort((a, b) => compare(a.offset ?? 0n, b.offset ?? 0n))
  )
  const merged: HistoryInput[] = []
  for (;;) {
    let best: HistoryInput[] | undefined
    for (const queue of queues) {
      const head = queue[0]
      if (head && (best?.[0] === undefined || head.timestampMs < best[0].timestampMs)) best = queue
    }
    const next = best?.shift()
    if (next === undefined) return merged
    merged.push(next)
  }
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
