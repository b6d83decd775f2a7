/**
 * @module What tests share: the topology driver and the log and state in memory under it.
 */
export { MemoryLog } from './memory-log.ts'
export { MemoryState } from './memory-state.ts'
export {
  createTopologyDriver,
  type DrainedRecord,
  type DriverOptions,
  type DriverRecord,
  type PendingInput,
  type PipeOptions,
  TopologyDriver
} from './topology-driver.ts'
