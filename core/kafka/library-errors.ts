/**
 * @module From kafkajs' errors to ours. kafkajs wraps an error in up to three others, so names are
 * looked for along the whole chain of causes.
 */

import { CorruptError, FatalError, type HailError, MigrateError, RetryError } from '../errors.ts'

/** Another producer owns the transactional id now, or the broker gave up on this one. */
const fencingTypes = new Set([
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_ID_MAPPING',
  'INVALID_TXN_STATE'
])

/** Waiting doesn't help: credentials, rights, or a request no broker will ever take. */
const refusedTypes = new Set([
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'INVALID_TRANSACTION_TIMEOUT',
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TOPIC_EXCEPTION',
  'INVALID_CONFIG',
  'INVALID_PARTITIONS',
  'INVALID_REPLICATION_FACTOR',
  'INVALID_SESSION_TIMEOUT',
  'INCONSISTENT_GROUP_PROTOCOL',
  'POLICY_VIOLATION',
  'UNSUPPORTED_VERSION',
  'KafkaJSSASLAuthenticationError'
])

/** Bounds a chain that runs in a circle. */
const errorsMax = 16

/** The `type`s and class names of an error, its causes and its parts, outermost first. */
export function errorTypes(error: unknown): string[] {
  const types: string[] = []
  const queue: unknown[] = [error]
  for (let seen = 0; seen < errorsMax && queue.length > 0; ) {
    const current = queue.shift()
    if (typeof current !== 'object' || current === null) continue
    seen += 1
    const { type, name, cause, error: inner, errors, groups } = current as Record<string, unknown>
    for (const word of [type, name]) if (typeof word === 'string') types.push(word)
    queue.push(cause, inner)
    for (const parts of [errors, groups]) if (Array.isArray(parts)) queue.push(...parts)
  }
  return types
}

export function hasType(error: unknown, type: string): boolean {
  return errorTypes(error).includes(type)
}

/**
 * An error of a call that leaves nothing in doubt. `what` says what was tried, as in `read offsets
 * of topic trips`.
 */
export function toKafkaError(error: unknown, what: string): HailError {
  const types = errorTypes(error)
  const refusal = types.find((type) => refusedTypes.has(type))
  if (refusal !== undefined) {
    return new FatalError(
      'HAIL_KAFKA_REFUSED',
      `could not ${what}: Kafka refused with ${refusal}`,
      {
        cause: error
      }
    )
  }
  const reason = reasonOf(types)
  return new RetryError('HAIL_KAFKA_UNAVAILABLE', `could not ${what}: ${reason}`, { cause: error })
}

/** An error inside a transaction: fenced, or an outcome nobody knows. There is no third kind. */
export function toTransactionError(error: unknown, what: string): MigrateError | CorruptError {
  const types = errorTypes(error)
  const fencing = types.find((type) => fencingTypes.has(type))
  if (fencing !== undefined) {
    return new MigrateError('HAIL_FENCED', `could not ${what}: fenced with ${fencing}`, {
      cause: error
    })
  }
  const reason = reasonOf(types)
  return new CorruptError(
    'HAIL_UNKNOWN_OUTCOME',
    `could not ${what}, so the transaction may or may not have happened: ${reason}`,
    { cause: error }
  )
}

/** Kafka's own word where there is one, else the innermost class. */
function reasonOf(types: readonly string[]): string {
  return types.find((type) => /^[A-Z_]+$/.test(type)) ?? types.at(-1) ?? 'an unknown error'
}
