/**
 * Headers that are read twice: where a request ends, and what is said more than once. The web server
 * goes by the first `content-length`, its wrapper by the last, into a buffer of that size: two that
 * differ once ended the process, and are how a proxy and a server come to see different requests. So
 * what does not say one plain length is refused, and its connection ends with the answer. Two
 * tokens or two idempotency keys are refused for the same reason: nobody can say which was meant.
 *
 * @module
 */
import type { Request, Response } from 'hyper-express'
import { Problem } from './problem.ts'

type Headers = Readonly<Record<string, string>>

/** A request as it comes in, before anything was awaited: its raw part is gone after that. */
type Incoming = {
  headers: Record<string, string>
  raw: { getHeader(name: string): string }
}

const lengthPattern = /^\d{1,15}$/

/** Stands in for what is no plain length, no one token or no one key; none of them looks like it. */
const contradictory = 'contradictory'

/**
 * Shorter bodies are let through before a refusal: a client that is still sending does not look for a reply, and
 * a connection that is closed on it loses one that is there.
 */
const drainedBytesMax = 1_048_576

/**
 * Marks what is said twice in two ways, and lengths that are no plain number. Call it first. The
 * wrapper keeps the last of equal names, the raw request gives the first.
 */
export const settleHeaders = ({ headers, raw }: Incoming): void => {
  const length = headers['content-length']
  if (length !== undefined) {
    const isPlain = lengthPattern.test(length) && raw.getHeader('content-length') === length
    if (!isPlain) headers['content-length'] = contradictory
  }
  for (const name of ['authorization', 'idempotency-key']) {
    const last = headers[name]
    if (last !== undefined && raw.getHeader(name) !== last) headers[name] = contradictory
  }
}

/** Bytes of body the request announces; NaN where {@link settleHeaders} found no plain length. */
export const announcedBytes = (headers: Headers): number => Number(headers['content-length'] ?? 0)

/**
 * Whether the body is not worth waiting for: so long, or of no declared length, that the reply goes
 * out at once and the connection ends with it.
 */
export const isCutOff = (headers: Headers): boolean =>
  headers['transfer-encoding'] !== undefined || !(announcedBytes(headers) <= drainedBytesMax)

/** What the wrapper has read of a body before anybody asked for it; it has no public way to drop that. */
type Buffering = { _body_parser_buffered: unknown }

/** Resolves once the rest of the body has gone by; nothing of it is kept, and nobody else gets it. */
export const bodyEnd = (request: Request, { raw }: Response): Promise<void> =>
  new Promise((resolve) => {
    ;(request as unknown as Buffering)._body_parser_buffered = null
    raw.onData((_: ArrayBuffer, isLast: boolean) => {
      if (!isLast) return
      request.received = true
      resolve()
    })
  })

/**
 * Refuses a request without one plain length, and a declared length over the limit. A chunked body
 * is refused too: its size is only known when it is there, and not every build of the web server
 * can read one.
 */
export const refuseFraming = (headers: Headers, bytesMax: number): void => {
  if (headers['transfer-encoding'] !== undefined) {
    throw new Problem('length_required', {
      detail: 'Expected a content-length, got a transfer-encoding'
    })
  }
  const declared = headers['content-length']
  if (declared === undefined) return
  if (declared === contradictory) {
    throw new Problem('malformed_request', { detail: 'Expected one content-length in digits' })
  }
  if (Number(declared) > bytesMax) {
    throw new Problem('body_too_large', { detail: `Expected at most ${bytesMax} bytes` })
  }
}
