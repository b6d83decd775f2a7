/**
 * @module What a running task consists of, shared by its batch, read-ahead and commit steps, and the
 * two errors that end one.
 */
import type { Codec } from '../../avro/index.ts'
import {
  type Clock,
  CorruptError,
  type DeadLetterBreaker,
  FatalError,
  type Logger
} from '../../core/index.ts'
import type {
  KafkaAdmin,
  TransactionalProducer,
  TransactionalProducerOptions
} from '../../core/kafka/index.ts'
import type { TaskContext } from './context.ts'
import type { Failpoints } from './failpoints.ts'
import type { GlobalReader } from './global-table-definition.ts'
import type { InputBuffer } from './input-buffer.ts'
import type { InputTally } from './input-tally.ts'
import type { TopicSpec } from './processor.ts'
import type { RestoreFetchers } from './restore-fetchers.ts'
import type { RuntimeMetrics } from './runtime-metrics.ts'
import type { StateBackend, TaskName } from './state-backend.ts'
import type { TaskSettings } from './task-settings.ts'
import type { TaskState } from './task-state.ts'
import type { TaskTime } from './task-time.ts'
import type { SubTopology } from './topology.ts'

/** What a task runs on. */
export interface TaskDependencies {
  readonly topology: SubTopology
  readonly partition: number
  readonly transactionalProducer: (
    id: string,
    options?: TransactionalProducerOptions
  ) => Promise<TransactionalProducer>
  readonly admin: Pick<KafkaAdmin, 'committed' | 'endOffsets'>
  /** Read changelogs; shared by the tasks of a process. */
  readonly restoreFetchers: RestoreFetchers
  readonly backend: StateBackend
  readonly codec: Codec
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: RuntimeMetrics
  readonly failpoints: Failpoints
  readonly settings: TaskSettings
  readonly partitionsOf: (topic: TopicSpec) => number
  /** The global tables of the process; without any, asking for one is a wiring error. */
  readonly globals?: GlobalReader
}

/** The parts of a running task, shared with the batch and commit steps. */
export interface RunningTask {
  readonly name: TaskName
  readonly deps: TaskDependencies
  readonly inputs: InputBuffer
  readonly time: TaskTime
  readonly state: TaskState
  readonly context: TaskContext
  readonly producer: TransactionalProducer
  readonly breaker: DeadLetterBreaker
  readonly committedOffsets: Map<string, bigint>
  readonly tally: InputTally
  /** Where the look for entries past their TTL goes on, and when, by store. */
  readonly sweeps: Map<string, { readonly cursor: string; readonly atMs: number }>
}

/** The error of a store that does not stand where this owner left it. */
export function surprise(
  task: TaskName,
  store: string,
  expected: bigint,
  got: bigint
): CorruptError {
  return new CorruptError(
    'HAIL_POSITION',
    `${task} ${store}: expected position ${expected}, got ${got}; the task is restored from its changelog`
  )
}

/** A committed offset that the source topic no longer has: records were deleted unread. */
export function offsetLost(task: TaskName, topic: string, offset: bigint): FatalError {
  return new FatalError(
    'HAIL_OFFSET_OUT_OF_RANGE',
    `${task} ${topic}: expected offset ${offset} in the log, but it is out of range; records were deleted before they were ` +
      'processed. Set the group to the offset to go on from, then restart'
  )
}
