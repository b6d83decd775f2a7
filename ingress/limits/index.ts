/**
 * Limits of how often one caller may call.
 *
 * @module
 */
export { createAdmission, type RateLimitOptions } from './rate-limits.ts'
