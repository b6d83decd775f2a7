/**
 * @module The stream runtime's public names: describing sub-topologies and running them.
 */
export { describeTopologies } from './describe.ts'
export {
  armFailpoint,
  type FailpointName,
  type Failpoints,
  failpointNames,
  noFailpoints
} from './failpoints.ts'
export { applyEffects, count, type Effect, type Emission, emit, emitTo } from './fold-effects.ts'
export {
  bytesFormat,
  type Format,
  jsonFormat,
  longFormat,
  recordFormat,
  stringFormat
} from './format.ts'
export { GlobalTable, type GlobalTableFacts } from './global-table.ts'
export {
  type GlobalReader,
  type GlobalTableDefinition,
  globalTable
} from './global-table-definition.ts'
export {
  defaultGlobalTablesSettings,
  GlobalTables,
  type GlobalTablesOptions,
  type GlobalTablesSettings,
  globalTablesOf
} from './global-tables.ts'
export { GroupRuntime, type GroupRuntimeOptions } from './group-runtime.ts'
export { defaultGroupSettings, type GroupSettings } from './group-settings.ts'
export {
  declaredDeadLetterTopics,
  declaredTopics,
  type InternalTopic,
  topologyChangelogs
} from './internal-topics.ts'
export { decodeMetadata, encodeMetadata, type TaskPositions } from './offset-metadata.ts'
export type {
  Context,
  DeadLetterOf,
  EmitOptions,
  InputRecord,
  Timer,
  TimerClock,
  TopicSpec,
  TopicValue
} from './processor.ts'
export { createRedisState, storeGeoKey, storeHashKey } from './redis-state.ts'
export { createRestoreFetchers, type RestoreFetchers } from './restore-fetchers.ts'
export type { TaskDependencies } from './running-task.ts'
export {
  type CommitFacts,
  createRuntimeMetrics,
  type RuntimeMetrics,
  type TaskFacts
} from './runtime-metrics.ts'
export type {
  ApplyResult,
  PageRequest,
  StateBackend,
  StoreChange,
  StorePage,
  StorePosition,
  StoreRead,
  StoreReadResult,
  TaskName
} from './state-backend.ts'
export { decodeStored } from './store-change.ts'
export {
  type ClosedEntry,
  keyInSegment,
  type SegmentsDefinition,
  type Store,
  type StoreDefinition,
  type StoreDefinitions,
  type StoreKind,
  type StoreValue,
  segmentKey,
  segmentStart
} from './store-definition.ts'
export {
  createStreams,
  ensureInternalTopics,
  type Streams,
  type StreamsOptions
} from './streams.ts'
export { Task } from './task.ts'
export { defaultTaskSettings, type TaskFaults, type TaskSettings } from './task-settings.ts'
export {
  catalogueTopic,
  defineSubTopology,
  type EffectInput,
  type Handler,
  isCatalogueTopic,
  type OperatorDescription,
  type StoreReads,
  type SubTopology,
  type SubTopologyDefinition,
  timersStore
} from './topology.ts'
export { readTtl, stampTtl } from './ttl.ts'
export {
  hoppingWindows,
  isLate,
  sessionWindow,
  slidingWindowStart,
  tumblingWindow,
  type Window
} from './windows.ts'
