/** @module The sign-up service. */
export { type SignupsDeps, signupsTopologies } from './topology.ts'
