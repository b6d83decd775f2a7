/**
 * Limits of how often one caller may call.
 *
 * @module
 */
export {
  createPositionLanes,
  type PositionLanes,
  type PositionShares
} from './position-lanes.ts'
export { createAdmission, type RateLimitOptions } from './rate-limits.ts'
export { TokenBuckets } from './token-buckets.ts'
