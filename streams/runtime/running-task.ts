/**
 * @module What a running task consists of, shared by its batch, read-ahead and commit steps, and the
 * two errors that end one.
 */
import type { Codec, TopicName } from '../../avro/index.ts'
import {
  type Clock,
  CorruptError,
  type DeadLetterBreaker,
  FatalError,
  type Logger
} from '../../core/index.ts'
import type {
  Fetcher,
  KafkaAdmin,
  TransactionalProducer,
  TransactionalProducerOptions
} from '../../core/kafka/index.ts'
import type { TaskContext } from './context.ts'
import type { Failpoints } from './failpoints.ts'
import type { InputBuffer } from './input-buffer.ts'
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
  /** Reads changelogs; shared by the tasks of a process. */
  readonly restoreFetcher: Fetcher
  readonly backend: StateBackend
  readonly codec: Codec
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: RuntimeMetrics
  readonly failpoints: Failpoints
  readonly settings: TaskSettings
  readonly partitionsOf: (topic: TopicName) => number
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
  readonly committedOffsets: Map<TopicName, bigint>
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
