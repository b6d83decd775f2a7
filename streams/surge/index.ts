/** @module The surge service. */
export { type SurgeDeps, surgeTopologies } from './topology.ts'
