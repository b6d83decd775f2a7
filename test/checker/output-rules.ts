/**
 * @module Rules on what readers saw: nothing lost, nothing twice, nothing from nowhere, one value an
 * offset, and for each key the values and the order of the sequential fold, compared both ways.
 */
import type { Anomaly, AnomalyName } from './anomaly.ts'
import { finalRead, type History, type HistoryInput, type HistoryOutput } from './history.ts'
import { committedOffset, type Expected, type ExpectedOutput } from './oracle.ts'

export function checkOutputs(
  history: History,
  expectations: ReadonlyMap<number, Expected>
): Anomaly[] {
  const expected = groupByKey([...expectations.values()].flatMap(({ outputs }) => outputs))
  const seen = groupByKey(
    [...finalRead(history)].sort(
      (a, b) => a.partition - b.partition || (a.offset < b.offset ? -1 : 1)
    )
  )
  const anomalies = checkAcknowledged(history)
  for (const at of new Set([...expected.keys(), ...seen.keys()])) {
    anomalies.push(...checkKey(history, at, expected.get(at) ?? [], seen.get(at) ?? []))
  }
  return [...anomalies, ...checkForks(history), ...checkDirtyReads(history)]
}

/** Two topics may share a key; the separator is in no topic name. */
function groupByKey<T extends { topic: string; key: string }>(
  outputs: readonly T[]
): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const output of outputs) {
    const at = `${output.topic} ${output.key}`
    const group = groups.get(at)
    if (group) group.push(output)
    else groups.set(at, [output])
  }
  return groups
}

/** An acknowledged input that the log does not have was lost before any task saw it. */
function checkAcknowledged(history: History): Anomaly[] {
  return history.inputs
    .filter(({ outcome, offset }) => outcome === 'ok' && offset === null)
    .map(({ id, topic, key }) => ({
      name: 'lost',
      detail: `input ${id} (${topic} ${key}) was acknowledged, the log does not have it`
    }))
}

function checkKey(
  history: History,
  at: string,
  expected: readonly ExpectedOutput[],
  seen: readonly HistoryOutput[]
): Anomaly[] {
  const anomalies: Anomaly[] = []
  const add = (name: AnomalyName, detail: string): void => {
    anomalies.push({ name, detail: `${at}: ${detail}` })
  }
  const wanted = countByCause(expected)
  const first = new Map<string, HistoryOutput[]>()
  const kept: HistoryOutput[] = []
  for (const output of seen) {
    const sofar = first.get(output.causeId) ?? []
    first.set(output.causeId, sofar)
    const allowed = wanted.get(output.causeId) ?? 0
    if (allowed === 0) add('phantom', `${placed(output)}; ${whyNot(history, output.causeId)}`)
    else if (sofar.length >= allowed) {
      add('duplicate', `${placed(output)}, already at ${sofar.map(({ offset }) => offset)}`)
    } else kept.push(output)
    sofar.push(output)
  }
  const taken = new Map<string, number>()
  const present: ExpectedOutput[] = []
  for (const output of expected) {
    const n = taken.get(output.causeId) ?? 0
    taken.set(output.causeId, n + 1)
    const got = first.get(output.causeId)?.[n]
    if (got === undefined) {
      add('lost', `expected ${output.payload} caused by ${output.causeId}, got none`)
      continue
    }
    present.push(output)
    if (got.payload !== output.payload) {
      add('wrong-value', `expected ${output.payload}, got ${placed(got)}`)
    }
  }
  const disorder = present.findIndex(({ causeId }, i) => kept[i]?.causeId !== causeId)
  const after = disorder > 0 ? ` after ${present[disorder - 1]?.causeId}` : ' first'
  const late = kept[disorder]
  if (late) add('order', `expected ${present[disorder]?.causeId}${after}, got ${placed(late)}`)
  const partitions = new Set(seen.map(({ partition }) => partition))
  if (partitions.size > 1) add('order', `the key is on partitions ${[...partitions].join(', ')}`)
  return anomalies
}

function countByCause(outputs: readonly ExpectedOutput[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { causeId } of outputs) counts.set(causeId, (counts.get(causeId) ?? 0) + 1)
  return counts
}

function placed({ topic, partition, offset, payload, causeId }: HistoryOutput): string {
  return `${payload} caused by ${causeId} at ${topic}-${partition}@${offset}`
}

/** Why an effect was not expected. */
function whyNot(history: History, causeId: string): string {
  const causes = history.inputs.filter(({ id }) => id === causeId)
  const [cause] = causes
  if (cause === undefined) return 'no input has this id'
  const unfit = causes.find(({ offset }) => offset !== null) ?? cause
  return whyNotInput(history, unfit)
}

function whyNotInput(history: History, input: HistoryInput): string {
  const { topic, partition, offset, outcome } = input
  if (outcome === 'failed') return 'the input failed'
  if (offset === null) return 'the input is not in the log'
  const committed = committedOffset(history, topic, partition)
  if (offset >= committed) {
    return `the input is at ${topic}-${partition}@${offset}, only ${committed} is committed`
  }
  return 'the fold gives no such output'
}

/** All readers must have seen the same record at an offset. */
function checkForks(history: History): Anomaly[] {
  const anomalies: Anomaly[] = []
  const values = new Map<string, { reader: string; text: string }>()
  for (const { reader, outputs } of history.reads) {
    for (const { topic, partition, offset, key, causeId, payload } of outputs) {
      const at = `${topic}-${partition}@${offset}`
      const text = `${key} ${payload} caused by ${causeId}`
      const known = values.get(at)
      if (known === undefined) values.set(at, { reader, text })
      else if (known.text !== text) {
        const detail = `${at}: ${known.reader} saw ${known.text}; ${reader} saw ${text}`
        anomalies.push({ name: 'forked-offset', detail })
      }
    }
  }
  return anomalies
}

/** What a read-committed reader saw while it all ran must be there in the end. */
function checkDirtyReads(history: History): Anomaly[] {
  const lasting = new Set(finalRead(history).map(placeOf))
  return history.reads
    .filter(({ isolation, isFinal }) => isolation === 'committed' && !isFinal)
    .flatMap(({ reader, outputs }) =>
      outputs
        .filter((output) => !lasting.has(placeOf(output)))
        .map(
          (output): Anomaly => ({
            name: 'phantom',
            detail: `${reader} saw ${placed(output)}, the final reader did not: it was aborted`
          })
        )
    )
}

function placeOf({ topic, partition, offset }: HistoryOutput): string {
  return `${topic}-${partition}@${offset}`
}
