/**
 * The one table of error codes. Each code demands exactly one reaction of whoever catches it, so
 * code matches on `code` or `reaction` and never on message text. docs/errors.md explains each
 * code to operators; a test keeps the two alike.
 *
 * To add a code: add a line to `errors` and a section to docs/errors.md. Messages say what was
 * expected, what was got, where, and what to do; they never carry secrets or personal data,
 * because the logger prints them.
 *
 * @module
 */

/**
 * What the catcher must do.
 * - `retry`: nothing is lost, try again later with delay.
 * - `skip-to-dlq`: this input can never succeed; dead-letter it and go on.
 * - `migrate`: another owner has taken over; drop the task, touch nothing.
 * - `corrupt`: local state or an outcome is in doubt; drop it and restore from the log.
 * - `fatal`: the process cannot go on; stop it and tell a human.
 */
export type Reaction = 'retry' | 'skip-to-dlq' | 'migrate' | 'corrupt' | 'fatal'

/** One line of the table. */
export type ErrorEntry = { readonly reaction: Reaction; readonly doc: string }

/** Every code this project throws. */
export const errors = {
  HAIL_CONFIG: { reaction: 'fatal', doc: 'a configuration variable is missing or wrong' },
  HAIL_ASSERTION: { reaction: 'fatal', doc: 'an invariant of the program does not hold' },
  HAIL_INTERNAL: { reaction: 'fatal', doc: 'an error nobody has classified' },
  HAIL_ENCODE: { reaction: 'skip-to-dlq', doc: 'a value does not fit its Avro schema' },
  HAIL_DECODE: { reaction: 'skip-to-dlq', doc: 'a payload is not the Avro record it should be' },
  HAIL_UNKNOWN_SCHEMA: { reaction: 'retry', doc: 'a schema id has not been learnt yet' },
  HAIL_SCHEMA_INCOMPATIBLE: { reaction: 'fatal', doc: 'the registry refused a schema' },
  HAIL_REGISTRY: { reaction: 'retry', doc: 'the schema registry does not answer' },
  HAIL_FENCED: { reaction: 'migrate', doc: 'another producer took over the transactional id' },
  HAIL_UNKNOWN_OUTCOME: { reaction: 'corrupt', doc: 'a transaction may or may not have committed' },
  HAIL_POSITION: { reaction: 'corrupt', doc: 'a store is not at the changelog position expected' },
  HAIL_CHANGELOG_TRUNCATED: { reaction: 'corrupt', doc: 'a changelog lost records a store needs' },
  HAIL_COMMIT_LOST: { reaction: 'fatal', doc: 'a store has a position but no offset is committed' },
  HAIL_OFFSET_OUT_OF_RANGE: { reaction: 'fatal', doc: 'the next offset to read is not in the log' },
  HAIL_KAFKA_UNAVAILABLE: { reaction: 'retry', doc: 'Kafka does not answer' },
  HAIL_KAFKA_REFUSED: { reaction: 'fatal', doc: 'Kafka refused credentials, a right or a request' },
  HAIL_REDIS_UNAVAILABLE: { reaction: 'retry', doc: 'Redis does not answer' },
  HAIL_REDIS_REFUSED: { reaction: 'fatal', doc: 'Redis refused credentials, a right or a command' },
  HAIL_REDIS_POLICY: { reaction: 'fatal', doc: 'Redis may evict state' },
  HAIL_REDIS_SCRIPT: {
    reaction: 'corrupt',
    doc: 'a Redis script failed after it may have written'
  },
  HAIL_MONGO_UNAVAILABLE: { reaction: 'retry', doc: 'MongoDB does not answer' },
  HAIL_TOPOLOGY: { reaction: 'fatal', doc: 'a topology is wired wrongly' },
  HAIL_WORKERS: { reaction: 'fatal', doc: 'worker processes do not start or do not stay alive' },
  HAIL_RULE: { reaction: 'skip-to-dlq', doc: 'a record breaks a rule its writer should have kept' },
  HAIL_UNDELIVERED: { reaction: 'skip-to-dlq', doc: 'a notification could not be delivered' },
  HAIL_SPILL_LOCKED: { reaction: 'fatal', doc: 'the spill folder belongs to another process' },
  HAIL_OVERLOADED: { reaction: 'retry', doc: 'a bounded queue is full' },
  HAIL_TIMEOUT: { reaction: 'retry', doc: 'an answer did not come in time' },
  HAIL_CLOSED: { reaction: 'migrate', doc: 'the component was closed while in use' },
  HAIL_DLQ_RATIO: { reaction: 'fatal', doc: 'too large a share of the input is dead-lettered' },
  HAIL_PII_DECRYPT: { reaction: 'skip-to-dlq', doc: 'an encrypted field is damaged or misplaced' },
  HAIL_PII_KEY: { reaction: 'skip-to-dlq', doc: 'the key an encrypted field names is not loaded' }
} as const satisfies Record<`HAIL_${string}`, ErrorEntry>

/** Any code of the table. */
export type ErrorCode = keyof typeof errors

/** The codes that demand reaction `R`. */
export type CodeFor<R extends Reaction> = {
  [C in ErrorCode]: (typeof errors)[C]['reaction'] extends R ? C : never
}[ErrorCode]

/** Options of every error: the error that led to this one. */
export type HailErrorOptions = { readonly cause?: unknown }

/** Base of every operating error. Throw one of its subclasses, which are named by reaction. */
export class HailError extends Error {
  readonly code: ErrorCode
  readonly reaction: Reaction

  constructor(code: ErrorCode, message: string, options: HailErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.code = code
    this.reaction = errors[code].reaction
  }
}

/** Nothing is lost; try again later with delay. */
export class RetryError extends HailError {
  constructor(code: CodeFor<'retry'>, message: string, options?: HailErrorOptions) {
    super(code, message, options)
  }
}

/** The input can never succeed; dead-letter it and go on. */
export class SkipToDlqError extends HailError {
  constructor(code: CodeFor<'skip-to-dlq'>, message: string, options?: HailErrorOptions) {
    super(code, message, options)
  }
}

/** Another owner has taken over; drop the task and touch nothing. */
export class MigrateError extends HailError {
  constructor(code: CodeFor<'migrate'>, message: string, options?: HailErrorOptions) {
    super(code, message, options)
  }
}

/** State or an outcome is in doubt; drop it and restore from the log. */
export class CorruptError extends HailError {
  constructor(code: CodeFor<'corrupt'>, message: string, options?: HailErrorOptions) {
    super(code, message, options)
  }
}

/** The process cannot go on. */
export class FatalError extends HailError {
  constructor(code: CodeFor<'fatal'>, message: string, options?: HailErrorOptions) {
    super(code, message, options)
  }
}

/** Whether `value` is one of ours. Never throws, whatever the value. */
export function isHailError(value: unknown): value is HailError {
  try {
    return value instanceof HailError
  } catch {
    // A revoked proxy throws on instanceof; it is none of ours.
    return false
  }
}

/**
 * Turns anything thrown into a HailError. Ours come back as they are; anything else becomes
 * `HAIL_INTERNAL` (fatal) with the value as cause. The message names only the kind of error:
 * foreign messages may quote a payload. Never throws.
 */
export function toHailError(value: unknown): HailError {
  if (isHailError(value)) return value
  return new FatalError('HAIL_INTERNAL', `unexpected ${describeForeignError(value)}`, {
    cause: value
  })
}

/**
 * Names a foreign error without quoting its message: class and system code, such as
 * `Error ECONNREFUSED (connect)`. Never throws.
 */
export function describeForeignError(value: unknown): string {
  try {
    if (!(value instanceof Error)) return value === null ? 'null' : typeof value
    const { code, syscall } = value as { code?: unknown; syscall?: unknown }
    const parts = [safeWord(value.name) ?? 'Error']
    const word = safeWord(code)
    if (word !== null) parts.push(word)
    const call = safeWord(syscall)
    if (call !== null) parts.push(`(${call})`)
    return parts.join(' ')
  } catch {
    return 'unreadable value'
  }
}

/** Short identifier-like words only: a name or code may be set by anyone, even to a payload. */
function safeWord(value: unknown): string | null {
  if (typeof value === 'number' && Number.isInteger(value)) return String(value).slice(0, 8)
  return typeof value === 'string' && /^[A-Za-z][\w$]{0,63}$/.test(value) ? value : null
}

/**
 * Crashes on a programmer error: throws `HAIL_ASSERTION` (fatal) with `sentence` when `condition`
 * is false. Kept on in production, where going on with a broken invariant would lose data.
 */
export function assertThat(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new FatalError('HAIL_ASSERTION', sentence)
}
