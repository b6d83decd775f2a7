/** @module The drivers service. */
export type { DriverFaults } from './driver-step.ts'
export { type DriversDeps, driversTopologies } from './topology.ts'
