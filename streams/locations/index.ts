/** @module The locations service. */
export { type LocationsDeps, locationsTopologies } from './topology.ts'
