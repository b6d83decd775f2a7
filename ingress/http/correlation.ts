/**
 * The names by which a request is followed through the system: a correlation id (the client's own if
 * it is sane, else a fresh one) and a W3C trace context that continues the client's trace: its trace
 * id and flags with a span id of this request, and its `tracestate` as it came.
 *
 * @module
 */
import type { Clock } from '../../core/index.ts'

/** Nothing that looks like a social security number: the id goes into every record and log line. */
const correlationPattern = /^(?!\d{3}[._-]?\d{2}[._-]?\d{4}$)[A-Za-z0-9._-]{8,64}$/
/** Later versions may append to the four fields of the first; 00 may not, ff is none. */
const traceparentPattern =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?$/
/** Sampled, and random trace id; what other bits mean is not known. */
const knownFlags = 0b11
const stateLengthMax = 512
const stateMembersMax = 32
const stateMemberPattern =
  /^[a-z0-9][a-z0-9_*/@-]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

/** What follows a request; `tracestate` is null where the client sent none that is usable. */
export type Correlation = {
  correlationId: string
  traceparent: string
  tracestate: string | null
}

/** Reads `x-correlation-id`, `traceparent` and `tracestate`; malformed ones are replaced, never echoed. */
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
    const span = fresh.slice(32)
    const parent = parentOf(headers['traceparent'])
    if (parent === null) {
      const traceparent = `00-${fresh.slice(0, 32)}-${span}-00`
      return { correlationId, traceparent, tracestate: null }
    }
    return {
      correlationId,
      traceparent: `00-${parent.traceId}-${span}-${parent.flags}`,
      tracestate: stateOf(headers['tracestate'])
    }
  }
}

const parentOf = (traceparent: string | undefined): { traceId: string; flags: string } | null => {
  if (traceparent === undefined) return null
  const [, version, traceId, flags = '', more] = traceparentPattern.exec(traceparent) ?? []
  if (traceId === undefined || (version === '00' && more !== undefined)) return null
  return { traceId, flags: `0${Number.parseInt(flags, 16) & knownFlags}` }
}

const stateOf = (tracestate: string | undefined): string | null => {
  if (tracestate === undefined || tracestate.length > stateLengthMax) return null
  const members = tracestate.split(',').map((member) => member.trim())
  const areSane = members.every((member) => member === '' || stateMemberPattern.test(member))
  return areSane && members.some(Boolean) && members.length <= stateMembersMax ? tracestate : null
}
