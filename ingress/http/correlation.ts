/**
 * The names by which a request is followed through the system: a correlation id (the client's own if
 * it is sane, else a fresh one) and a W3C `traceparent` that continues the client's trace.
 *
 * @module
 */
import type { Clock } from '../../core/index.ts'

const correlationPattern = /^[A-Za-z0-9._-]{8,64}$/
const traceparentPattern = /^00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/
const zeroTrace = '0'.repeat(32)

/** What follows a request. */
export type Correlation = { correlationId: string; traceparent: string }

/** Reads `x-correlation-id` and `traceparent`; malformed ones are replaced, never echoed. */
export type CorrelationReader = (headers: Readonly<Record<string, string>>) => Correlation

/** 16 bytes of trace id and 8 of span id. */
const freshBytes = 24
/** Random bytes are drawn for this many requests at once: one call costs as much as for one. */
const poolRequests = 256

/** A reader that draws its ids from `clock`. */
export const createCorrelationReader = (clock: Pick<Clock, 'randomBytes'>): CorrelationReader => {
  let pool: Buffer = Buffer.alloc(0)
  let used = 0
  const draw = (): string => {
    if (used === pool.length) {
      pool = clock.randomBytes(freshBytes * poolRequests)
      used = 0
    }
    used += freshBytes
    return pool.toString('hex', used - freshBytes, used)
  }
  return (headers) => {
    const fresh = draw()
    const given = headers['x-correlation-id']
    const correlationId =
      given !== undefined && correlationPattern.test(given) ? given : fresh.slice(0, 32)
    const parent = traceparentPattern.exec(headers['traceparent'] ?? '')
    const hasParent = parent !== null && parent[1] !== zeroTrace
    const traceId = hasParent ? parent[1] : fresh.slice(0, 32)
    const flags = hasParent ? parent[2] : '00'
    return { correlationId, traceparent: `00-${traceId}-${fresh.slice(32)}-${flags}` }
  }
}
