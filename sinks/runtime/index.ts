/**
 * The connector: from Kafka to MongoDB, at least once, with writes that can be repeated.
 *
 * @module
 */

export type { BatchLimits } from './batch-size.ts'
export type { Collection, Operation, WriteFailure, WriteReport } from './collection.ts'
export type {
  Connector,
  FoldConnector,
  FoldPlan,
  NewestConnector,
  NewestPlan,
  Planned,
  StoredDocument,
  WriteOutcome,
  Writer
} from './connector.ts'
export {
  ConnectorRunner,
  type RunnerOptions,
  type RunnerSettings,
  type RunnerStatus
} from './connector-runner.ts'
export { createFoldWriter } from './fold-writer.ts'
export { createMongoCollection } from './mongo-collection.ts'
export { createNewestWriter } from './newest-writer.ts'
export { recordValue } from './record-value.ts'
export { createRetrier, type Retrier } from './retrying.ts'
