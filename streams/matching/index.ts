/** @module The matching service. */
export {
  type Assigner,
  type CostMatrix,
  forbiddenCost,
  greedyAssigner,
  optimalAssigner,
  type Pairing
} from './assigner.ts'
export { type MatchingDeps, matchingTopologies } from './topology.ts'
export { type Match, solveWindow, type WindowResult } from './window.ts'
