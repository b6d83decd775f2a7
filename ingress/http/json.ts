/**
 * JSON from strangers, read in one way only. `JSON.parse` is right about the grammar and lenient
 * about four things that are refused here: a name given twice (it keeps the last, other readers the
 * first, so a proxy and this server could see two different bodies), deep nesting (whoever walks the
 * value later would run out of stack), halves of surrogate pairs (UTF-8, and so Avro, cannot carry
 * them and would change the text), and bytes that are not UTF-8.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer'
import { Problem } from './problem.ts'

/** No route takes more than four levels. */
const depthMax = 16

const quote = 0x22
const backslash = 0x5c
const colon = 0x3a

/** Parses a body; 400 for anything that is not one unambiguous JSON value in UTF-8. */
export const parseJson = (body: Buffer): unknown => {
  const { colons, isAscii, isEscaped } = survey(body)
  if (!isAscii && !isUtf8(body)) throw refusal('Expected UTF-8')
  let value: unknown
  try {
    value = JSON.parse(body.toString(isAscii ? 'latin1' : 'utf8'))
  } catch (cause) {
    throw refusal('Expected one JSON value', cause)
  }
  // A lone half can only be written as an escape, raw UTF-8 has none.
  const names = countNames(value, 1, isEscaped ? refuseHalves : null)
  // Every name is followed by a colon. Colons within strings are told apart only when the plain
  // count is off, which a body without times and addresses never needs.
  if (colons !== names && countNameColons(body) !== names) throw refusal('Expected every name once')
  return value
}

/** One pass over the bytes for all that can be seen without parsing. */
const survey = (body: Buffer): { colons: number; isAscii: boolean; isEscaped: boolean } => {
  let colons = 0
  let bits = 0
  let isEscaped = false
  for (let index = 0; index < body.length; index += 1) {
    const byte = body[index] as number
    bits |= byte
    if (byte === colon) colons += 1
    else if (byte === backslash) isEscaped = true
  }
  return { colons, isAscii: bits < 0x80, isEscaped }
}

/** Names of all objects within; refuses depth, and has every text checked on the way. */
const countNames = (
  value: unknown,
  depth: number,
  check: ((text: string) => void) | null
): number => {
  if (typeof value === 'string') check?.(value)
  if (typeof value !== 'object' || value === null) return 0
  if (depth > depthMax) throw refusal(`Expected at most ${depthMax} levels`)
  let names = 0
  if (Array.isArray(value)) {
    for (const item of value) names += countNames(item, depth + 1, check)
    return names
  }
  for (const name in value) {
    check?.(name)
    names += 1 + countNames((value as Record<string, unknown>)[name], depth + 1, check)
  }
  return names
}

/** Colons outside of strings; the body is known to be JSON. */
const countNameColons = (body: Buffer): number => {
  let colons = 0
  let isInString = false
  for (let index = 0; index < body.length; index += 1) {
    const byte = body[index]
    if (isInString && byte === backslash) index += 1
    else if (byte === quote) isInString = !isInString
    else if (byte === colon && !isInString) colons += 1
  }
  return colons
}

const refuseHalves = (text: string): void => {
  if (/\p{Surrogate}/u.test(text)) throw refusal('Expected whole characters, got half of a pair')
}

const refusal = (detail: string, cause?: unknown): Problem =>
  new Problem('malformed_json', { detail, ...(cause === undefined ? {} : { cause }) })
