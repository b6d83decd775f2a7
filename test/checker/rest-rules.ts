/**
 * @module Rules on how it all ended: no lag, no open transaction, rest in time after the last fault,
 * and faults that did happen.
 */
import type { Anomaly } from './anomaly.ts'
import { finalRead, type History } from './history.ts'
import { committedOffset } from './oracle.ts'

export function checkRest(history: History): Anomaly[] {
  const anomalies = [...checkLiveness(history), ...checkBites(history)]
  return history.isAtRest ? [...anomalies, ...checkEnds(history), ...checkLag(history)] : anomalies
}

function checkEnds(history: History): Anomaly[] {
  return history.ends
    .filter(({ high, stable }) => stable < high)
    .map(({ topic, partition, high, stable }) => ({
      name: 'hanging-transaction',
      detail: `${topic}-${partition}: readable up to ${stable}, the log ends at ${high}`
    }))
}

function checkLag(history: History): Anomaly[] {
  const anomalies: Anomaly[] = []
  for (const { topic, partition, high, records } of history.ends) {
    if (!history.sources.includes(topic)) continue
    const end = records ?? high
    const committed = committedOffset(history, topic, partition)
    if (committed >= end) continue
    const detail = `${history.group} ${topic}-${partition}: committed ${committed}, the log ends at ${end}`
    anomalies.push({ name: 'lag', detail })
  }
  return anomalies
}

function checkLiveness({ liveness }: History): Anomaly[] {
  if (liveness === undefined) return []
  const { took, limit } = liveness
  if (took !== null && took <= limit) return []
  const got = took === null ? 'never came to rest' : `came to rest after ${took}`
  return [{ name: 'not-live', detail: `${got}, expected at most ${limit} after the faults` }]
}

function checkBites(history: History): Anomaly[] {
  const anomalies: Anomaly[] = (history.nemesis ?? [])
    .filter(({ hits }) => hits === 0)
    .map(({ name }) => ({ name: 'no-bite', detail: `${name} never happened` }))
  if (history.expectsAborted === true && !hasAborted(history)) {
    const detail = 'expected aborted outputs in a read-uncommitted read, got none'
    anomalies.push({ name: 'no-bite', detail })
  }
  return anomalies
}

function hasAborted(history: History): boolean {
  const lasting = new Set(finalRead(history).map((o) => `${o.topic}-${o.partition}@${o.offset}`))
  return history.reads.some(
    ({ isolation, outputs }) =>
      isolation === 'uncommitted' &&
      outputs.some((o) => !lasting.has(`${o.topic}-${o.partition}@${o.offset}`))
  )
}
