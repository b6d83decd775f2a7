/**
 * Turns the records of a batch into writes. A schema not known yet is learnt; a record that cannot
 * be decoded is bad, and only that record.
 *
 * @module
 */

import { LRUCache } from 'lru-cache'
import { type Codec, learning, UnknownSchemaError } from '../../avro/index.ts'
import { type Clock, describeForeignError, isHailError, SkipToDlqError } from '../../core/index.ts'
import type { KafkaRecord } from '../../core/kafka/index.ts'
import type { BadRecord, Planned } from './connector.ts'
import type { Retrier } from './retrying.ts'

/**
 * How long the registry may say that it has no such schema before its records are bad: replicas of
 * a registry lag a few seconds behind a new schema, while a damaged id stays unknown for ever.
 */
const schemaPatienceMs = 10_000
/** For so long an id found missing condemns records without a wait each. */
const missingMs = 300_000
const missingMax = 1_024

/** What a planner needs. */
export type PlannerOptions<P> = {
  readonly plan: (record: KafkaRecord, codec: Codec) => P | null
  readonly codec: Codec
  readonly clock: Clock
  readonly retrier: Retrier
}

/** The writes of a batch, in the order of the records. */
export type BatchPlan<P> = {
  readonly planned: readonly Planned<P>[]
  /** Records this connector has nothing to do with. */
  readonly ignored: number
  readonly bad: readonly BadRecord[]
}

/** Plans batches. */
export type Planner<P> = {
  /** Throws only MigrateError(HAIL_CLOSED), when `signal` aborts a wait for a schema. */
  plan(records: readonly KafkaRecord[], signal: AbortSignal): Promise<BatchPlan<P>>
}

/** Creates a planner. */
export function createPlanner<P>(options: PlannerOptions<P>): Planner<P> {
  const { codec, clock, retrier, plan } = options
  const missingUntilMs = new LRUCache<number, number>({ max: missingMax })

  /** Throws SkipToDlqError when there is no such schema. */
  async function learn(schemaId: number, signal: AbortSignal): Promise<void> {
    const missing = (cause?: unknown) =>
      new SkipToDlqError('HAIL_DECODE', `schema id ${schemaId} is not in the registry`, { cause })
    if ((missingUntilMs.get(schemaId) ?? 0) > clock.monotonic()) throw missing()
    const giveUpAtMs = clock.monotonic() + schemaPatienceMs
    await retrier.run(
      'learn a schema',
      async () => {
        try {
          await codec.learn(schemaId)
        } catch (error) {
          if (!(error instanceof UnknownSchemaError)) throw error
          if (clock.monotonic() < giveUpAtMs) throw error
          missingUntilMs.set(schemaId, clock.monotonic() + missingMs)
          throw missing(error)
        }
      },
      signal
    )
  }

  return {
    async plan(records, signal) {
      const planned: Planned<P>[] = []
      const bad: BadRecord[] = []
      let ignored = 0
      for (const record of records) {
        try {
          const found = await planNow(record, signal)
          if (found === null) ignored += 1
          else planned.push({ record, plan: found })
        } catch (error) {
          bad.push(badRecord(record, error))
        }
      }
      return { planned, ignored, bad }
    }
  }

  /** Without a promise a record where its schema is known, which is nearly always. */
  function planNow(record: KafkaRecord, signal: AbortSignal): P | null | Promise<P | null> {
    try {
      return plan(record, codec)
    } catch (error) {
      if (!(error instanceof UnknownSchemaError)) throw error
      const learner = { learn: (schemaId: number) => learn(schemaId, signal) }
      return learning(learner, () => plan(record, codec))
    }
  }
}

/** Errors that aren't a record's fault go on; foreign ones are, as plans are pure functions of it. */
function badRecord(record: KafkaRecord, error: unknown): BadRecord {
  if (!isHailError(error)) {
    const reason = `planning the write failed with ${describeForeignError(error)}`
    return { record, code: 'HAIL_INTERNAL', reason }
  }
  if (error.reaction !== 'skip-to-dlq') throw error
  return { record, code: error.code, reason: error.message }
}
