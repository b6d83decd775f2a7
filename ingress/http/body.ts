/**
 * Bodies: size by the declared length before a byte is kept, strict media type, strict UTF-8, strict
 * JSON. The web server's own `json()` is not used: it turns an invalid body into `{}`.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer'
import { Problem } from './problem.ts'

const mediaTypePattern = /^application\/json\s*(;\s*charset=("?)utf-8\2\s*)?$/i

type Headers = Readonly<Record<string, string>>

/** Whether the request announces a body at all. */
export const hasBody = (headers: Headers): boolean => Number(headers['content-length'] ?? 0) > 0

/**
 * Whether the body is not worth waiting for: so long, or of no declared length, that the reply goes
 * out at once and the connection ends with it.
 */
export const isCutOff = (headers: Headers): boolean =>
  headers['transfer-encoding'] !== undefined ||
  !(Number(headers['content-length'] ?? 0) <= drainedBytesMax)

/** Shorter bodies are read to their end before a refusal, so that every client sees it. */
const drainedBytesMax = 1_048_576

/**
 * Refuses a declared length over the limit. A chunked body is refused too: its size is only known
 * when it is there, and not every build of the web server can read one.
 */
export const refuseOversize = (headers: Headers, bytesMax: number): void => {
  if (headers['transfer-encoding'] !== undefined) {
    throw new Problem('length_required', {
      detail: 'Expected a content-length, got a chunked body'
    })
  }
  const declared = headers['content-length']
  if (declared === undefined) return
  const bytes = Number(declared)
  if (!Number.isSafeInteger(bytes) || bytes > bytesMax) {
    throw new Problem('body_too_large', { detail: `Expected at most ${bytesMax} bytes` })
  }
}

/** Refuses anything but plain JSON. */
export const refuseMediaType = (headers: Headers): void => {
  const type = headers['content-type']
  const encoding = headers['content-encoding']
  const isPlain = encoding === undefined || encoding.toLowerCase() === 'identity'
  if (type === undefined || !mediaTypePattern.test(type.trim()) || !isPlain) {
    throw new Problem('unsupported_media_type', {
      detail: 'Expected content-type application/json in UTF-8 without content-encoding'
    })
  }
}

/** Parses a body; 400 for anything that is not one JSON value in UTF-8. */
export const parseJson = (body: Buffer): unknown => {
  if (!isUtf8(body)) throw new Problem('malformed_json', { detail: 'Expected UTF-8' })
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new Problem('malformed_json', { detail: 'Expected one JSON value', cause })
  }
}
