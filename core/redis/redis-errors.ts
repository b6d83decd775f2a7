/**
 * What an error of ioredis means. Replies of the server are told apart by their first word, which
 * is part of the protocol; everything else is a connection that failed or did not answer.
 *
 * @module
 */

import {
  CorruptError,
  describeForeignError,
  FatalError,
  type HailError,
  isHailError,
  RetryError
} from '../errors.ts'

/** Replies that pass by themselves: loading, failing over, out of memory until somebody acts. */
const TRANSIENT = new Set([
  'LOADING',
  'BUSY',
  'READONLY',
  'MASTERDOWN',
  'NOREPLICAS',
  'TRYAGAIN',
  'CLUSTERDOWN',
  'OOM',
  'MISCONF',
  'UNBLOCKED'
])

/** The first word of a reply error, such as `NOSCRIPT`, or null when the server did not reply. */
export function replyCode(error: unknown): string | null {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return null
  return /^[A-Z][A-Z0-9_]*/.exec(error.message)?.[0] ?? 'ERR'
}

/** Maps what ioredis threw for `command`. Server messages are not quoted: they may hold values. */
export function mapRedisError(
  error: unknown,
  context: { readonly command: string; readonly isScript?: boolean }
): HailError {
  if (isHailError(error)) return error
  const { command, isScript = false } = context
  const code = replyCode(error)
  if (code === null) {
    return new RetryError(
      'HAIL_REDIS_UNAVAILABLE',
      `Redis did not answer ${command}: ${describeForeignError(error)}; it may have run`,
      { cause: error }
    )
  }
  if (TRANSIENT.has(code)) {
    const message = `Redis cannot do ${command} now, it answered ${code}`
    return new RetryError('HAIL_REDIS_UNAVAILABLE', message, { cause: error })
  }
  if (isScript) {
    const message = `script ${command} failed with ${code}; what it wrote before is not undone`
    return new CorruptError('HAIL_REDIS_SCRIPT', message, { cause: error })
  }
  return new FatalError('HAIL_REDIS_REFUSED', `Redis refused ${command} with ${code}`, {
    cause: error
  })
}
