/**
 * @module The checker of exactly-once histories.
 */
export {
  type Anomaly,
  type AnomalyName,
  anomalyNames,
  namesOf,
  reportAnomalies
} from './anomaly.ts'
export { checkHistory } from './checker.ts'
export { atMostOne, type DomainRule, onlyTransitions, sumsUp } from './domain-rules.ts'
export {
  finalRead,
  type History,
  type HistoryCommit,
  type HistoryEnd,
  type HistoryInput,
  type HistoryOutput,
  type HistoryProjection,
  type HistoryRead,
  type HistoryStore,
  type NemesisBite,
  type Outcome,
  type StorePositions,
  textOf
} from './history.ts'
export type { Expected, ExpectedOutput, Oracle } from './oracle.ts'
