/** @module The billing service. */
export { type BillingDeps, billingTopologies } from './topology.ts'
