/** @module The trips service. */
export { reuseActionId } from './intake.ts'
export type { TripFaults } from './ride-step.ts'
export { type TripsDeps, tripsTopologies } from './topology.ts'
