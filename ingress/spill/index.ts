/**
 * Records on the disk while Kafka does not take them.
 *
 * @module
 */
export { openSpill, type Spill, type SpillOptions, type SpillPorts } from './spill.ts'
