/**
 * @module The names of what can be wrong with a history, and how a failed check is printed.
 */

/** Every kind of anomaly; names are stable, tests of broken variants ask for them. */
export const anomalyNames = [
  /** An input below the committed offset, or a due timer or window, without its effect. */
  'lost',
  /** An effect seen twice by a read-committed reader. */
  'duplicate',
  /** An effect without a cause: of a failed input, an aborted transaction or an uncommitted input. */
  'phantom',
  /** An effect with another value than the sequential fold gives. */
  'wrong-value',
  /** Two values at one offset. */
  'forked-offset',
  /** Effects of one key in another order than the sequential fold gives. */
  'order',
  /** An entry of a store that differs from the fold up to the committed offset, or is missing. */
  'store-mismatch',
  /** An entry or key in the state that no fold gives. */
  'orphan-key',
  /** A store that stood beyond the committed offset. */
  'position-ahead',
  /** A store at rest that stands before the committed offset. */
  'position-behind',
  /** A projection that differs from the last output of each key. */
  'projection-mismatch',
  /** A projected document that went back to an older version. */
  'projection-regression',
  /** A log whose read-committed end stays before its end. */
  'hanging-transaction',
  /** A committed offset at rest that is before the end of its log. */
  'lag',
  /** A broken rule of the application. */
  'domain',
  /** No rest within the limit after the faults stopped. */
  'not-live',
  /** A fault that was to happen and did not, so that the test proves nothing. */
  'no-bite'
] as const

export type AnomalyName = (typeof anomalyNames)[number]

export interface Anomaly {
  readonly name: AnomalyName
  /** One line: where, what was expected, what was got. */
  readonly detail: string
}

const linesEachMax = 3

/**
 * The text of a failed check: a count and the first lines of each kind, after what is needed to run
 * it again (a seed, a crash point).
 */
export function reportAnomalies(context: string, anomalies: readonly Anomaly[]): string {
  const lines = [`${context}: ${anomalies.length} anomalies`]
  for (const name of anomalyNames) {
    const found = anomalies.filter((anomaly) => anomaly.name === name)
    if (found.length === 0) continue
    lines.push(`  ${name} x ${found.length}`)
    for (const { detail } of found.slice(0, linesEachMax)) lines.push(`    ${detail}`)
  }
  return lines.join('\n')
}

/** The distinct names of the anomalies, sorted. */
export function namesOf(anomalies: readonly Anomaly[]): AnomalyName[] {
  return [...new Set(anomalies.map(({ name }) => name))].sort()
}
