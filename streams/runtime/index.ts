/**
 * @module The stream runtime's public names: describing sub-topologies and running them.
 */
export { describeTopologies, topologyChangelogs } from './describe.ts'
export {
  armFailpoint,
  type FailpointName,
  type Failpoints,
  failpointNames,
  noFailpoints
} from './failpoints.ts'
export { GroupRuntime, type GroupRuntimeOptions, type GroupSettings } from './group-runtime.ts'
export { learning } from './learning.ts'
export { createRedisState, storeGeoKey, storeHashKey } from './redis-state.ts'
export type { TaskDependencies } from './running-task.ts'
export { createRuntimeMetrics, type RuntimeMetrics } from './runtime-metrics.ts'
export type {
  ApplyResult,
  StateBackend,
  StoreChange,
  StorePosition,
  StoreRead,
  StoreReadResult,
  TaskName
} from './state-backend.ts'
export { Task } from './task.ts'
export { defaultTaskSettings, type TaskFaults, type TaskSettings } from './task-settings.ts'
export {
  type Context,
  type DeadLetterOf,
  defineSubTopology,
  type EffectInput,
  type EmitOptions,
  type Handler,
  type InputRecord,
  type StoreDefinition,
  type StoreDefinitions,
  type StoreKind,
  type StoreReads,
  type StoreValue,
  type SubTopology,
  type SubTopologyDefinition,
  type Timer
} from './topology.ts'
export {
  hoppingWindows,
  isLate,
  sessionWindow,
  slidingWindowStart,
  tumblingWindow,
  type Window
} from './windows.ts'
