/**
 * @module The judge of exactly-once tests: a pure function of what was observed. It does not know how
 * the run went, only what was sent, read and left behind.
 */
import type { Anomaly } from './anomaly.ts'
import type { DomainRule } from './domain-rules.ts'
import type { History } from './history.ts'
import { expectationsOf, type Oracle } from './oracle.ts'
import { checkOutputs } from './output-rules.ts'
import { checkRest } from './rest-rules.ts'
import { checkProjections, checkStores } from './state-rules.ts'

/**
 * Judges a history by what a sequential fold over its inputs gives.
 * @returns every anomaly found; none for a run in which each input took effect exactly once
 * @throws RangeError when the history or the oracle is incomplete
 */
export function checkHistory(
  history: History,
  oracle: Oracle,
  rules: readonly DomainRule[] = []
): Anomaly[] {
  const expectations = expectationsOf(history, oracle)
  return [
    ...checkOutputs(history, expectations),
    ...checkStores(history, expectations),
    ...checkProjections(history),
    ...checkRest(history),
    ...rules.flatMap((rule) => rule(history).map((detail): Anomaly => ({ name: 'domain', detail })))
  ]
}
