/**
 * @module From kafkajs' errors to ours. kafkajs wraps an error in up to three others, so names are
 * looked for along the whole chain of causes.
 */

import { CorruptError, FatalError, HailError, MigrateError, RetryError } from '../errors.ts'

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

const bugNames = new Set(['RangeError', 'ReferenceError', 'SyntaxError', 'TypeError'])

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
 * of topic trips`. An error of ours stays what it is.
 */
export function toKafkaError(error: unknown, what: string): HailError {
  if (error instanceof HailError) return error
  const types = errorTypes(error)
  const refusal = refusalOf(types, error, what)
  if (refusal !== null) return refusal
  const reason = reasonOf(types)
  return new RetryError('HAIL_KAFKA_UNAVAILABLE', `could not ${what}: ${reason}`, { cause: error })
}

/**
 * An error inside a transaction: fenced, refused for good (restoring and trying again would end the
 * same way), or an outcome nobody knows.
 */
export function toTransactionError(
  error: unknown,
  what: string
): MigrateError | FatalError | CorruptError {
  const types = errorTypes(error)
  const fencing = types.find((type) => fencingTypes.has(type))
  if (fencing !== undefined) {
    return new MigrateError('HAIL_FENCED', `could not ${what}: fenced with ${fencing}`, {
      cause: error
    })
  }
  const refusal = refusalOf(types, error, what)
  if (refusal !== null) return refusal
  const reason = reasonOf(types)
  return new CorruptError(
    'HAIL_UNKNOWN_OUTCOME',
    `could not ${what}, so the transaction may or may not have happened: ${reason}`,
    { cause: error }
  )
}

/** What kafkajs itself asks again for: unless an error says that it is final, or is a bug's. */
export function isRetriable(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof HailError) return false
  if (bugNames.has(error.name)) return false
  return (error as { retriable?: boolean }).retriable !== false
}

function refusalOf(types: readonly string[], cause: unknown, what: string): FatalError | null {
  const refusal = types.find((type) => refusedTypes.has(type))
  if (refusal === undefined) return null
  const message = `could not ${what}: Kafka refused with ${refusal}`
  return new FatalError('HAIL_KAFKA_REFUSED', message, { cause })
}

/** Kafka's own word where there is one, else the innermost class. */
function reasonOf(types: readonly string[]): string {
  return types.find((type) => /^[A-Z_]+$/.test(type)) ?? types.at(-1) ?? 'an unknown error'
}
