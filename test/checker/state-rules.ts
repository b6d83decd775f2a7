/**
 * @module Rules on what was left behind: stores equal the fold up to the committed offset and never
 * stood beyond it, projections equal the last output of each key and never went back.
 */
import type { Anomaly, AnomalyName } from './anomaly.ts'
import { finalRead, type History, type HistoryProjection, type HistoryStore } from './history.ts'
import type { Expected } from './oracle.ts'

export function checkStores(
  history: History,
  expectations: ReadonlyMap<number, Expected>
): Anomaly[] {
  const anomalies: Anomaly[] = []
  for (const found of [...(history.probes ?? []), ...history.stores]) {
    const { task, store, position, committed } = found
    if (position <= committed) continue
    const detail = `${task} ${store}: stood at ${position}, only ${committed} was committed`
    anomalies.push({ name: 'position-ahead', detail })
  }
  for (const found of history.stores) {
    const expected = expectations.get(found.partition)?.stores[found.store]
    if (expected === undefined) {
      throw new RangeError(`expected the oracle to give store ${found.store}, it does not`)
    }
    anomalies.push(...checkStore(history, found, expected))
  }
  for (const key of history.orphanKeys ?? []) {
    anomalies.push({ name: 'orphan-key', detail: `${key}: belongs to no task` })
  }
  return anomalies
}

function checkStore(
  history: History,
  found: HistoryStore,
  expected: ReadonlyMap<string, string>
): Anomaly[] {
  const anomalies: Anomaly[] = []
  const at = `${found.task} ${found.store}`
  if (found.position < found.committed) {
    // Behind the committed offset it cannot equal the fold up to there; that is for the next owner to repair.
    if (!history.isAtRest) return []
    const detail = `${at}: stands at ${found.position}, ${found.committed} is committed`
    return [{ name: 'position-behind', detail }]
  }
  const add = (name: AnomalyName, key: string, detail: string): void => {
    anomalies.push({ name, detail: `${at} ${key}: ${detail}` })
  }
  for (const [key, value] of expected) {
    const got = found.entries.get(key)
    if (got === undefined) add('store-mismatch', key, `expected ${value}, got none`)
    else if (got !== value) add('store-mismatch', key, `expected ${value}, got ${got}`)
  }
  for (const [key, value] of found.entries) {
    if (!expected.has(key)) add('orphan-key', key, `expected none, got ${value}`)
  }
  return anomalies
}

export function checkProjections(history: History): Anomaly[] {
  return (history.projections ?? []).flatMap((projection) => [
    ...checkContents(history, projection),
    ...checkVersions(projection)
  ])
}

function checkContents(history: History, projection: HistoryProjection): Anomaly[] {
  const { name, topic, documents } = projection
  const last = new Map<string, { offset: bigint; payload: string }>()
  for (const output of finalRead(history)) {
    if (output.topic !== topic) continue
    const known = last.get(output.key)
    if (known === undefined || known.offset < output.offset) last.set(output.key, output)
  }
  const anomalies: Anomaly[] = []
  for (const key of new Set([...last.keys(), ...documents.keys()])) {
    const expected = last.get(key)?.payload ?? 'none'
    const got = documents.get(key) ?? 'none'
    if (expected === got) continue
    const detail = `${name} ${key}: expected ${expected}, got ${got}`
    anomalies.push({ name: 'projection-mismatch', detail })
  }
  return anomalies
}

function checkVersions({ name, seen }: HistoryProjection): Anomaly[] {
  const anomalies: Anomaly[] = []
  const highest = new Map<string, number>()
  for (const { key, version } of seen) {
    const before = highest.get(key) ?? version
    if (version < before) {
      const detail = `${name} ${key}: went back from version ${before} to ${version}`
      anomalies.push({ name: 'projection-regression', detail })
    }
    highest.set(key, Math.max(before, version))
  }
  return anomalies
}
