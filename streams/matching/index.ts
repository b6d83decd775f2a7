/** @module The matching service. */
export {
  type Assigner,
  type AssignmentProblem,
  greedyAssigner,
  optimalAssigner,
  type PairCost
} from './assigner.ts'
export { type SearchLimits, searchLimits } from './candidates.ts'
export { type MatchingDeps, matchingTopologies } from './topology.ts'
export { type Match, solveWindow, type WindowResult } from './window.ts'
