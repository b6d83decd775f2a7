/**
 * Reads the text of one variable. A reader answers with the value or with the sentence that says
 * what was expected; naming the variable and quoting what was got is the caller's part, which
 * knows whether the value is secret.
 *
 * @module
 */

import type { VariableDefinition } from './definitions.ts'

/** A value, or what was expected instead. */
export type Parsed =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly expected: string }

const DURATION_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const BYTES = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

/** Parses `text` as `definition` demands. */
export function parseVariable(definition: VariableDefinition, text: string): Parsed {
  switch (definition.type) {
    case 'string':
      return parseString(text, definition.minLength ?? 1)
    case 'url':
      return parseUrl(text, definition.protocols)
    case 'enum':
      return definition.values.includes(text)
        ? { ok: true, value: text }
        : { ok: false, expected: `one of ${definition.values.join(', ')}` }
    case 'list':
      return parseList(text)
    case 'bool':
      return parseBoolean(text)
    case 'int':
      return parseNumber(definition, /^-?\d{1,15}$/.test(text) ? Number(text) : null, 'an integer')
    case 'number':
      return parseNumber(
        definition,
        /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : null,
        'a number'
      )
    case 'duration-ms':
      return parseNumber(
        definition,
        parseWithSuffix(text, DURATION_MS),
        'milliseconds, or a number with ms, s, m, h or d'
      )
    case 'bytes':
      return parseNumber(
        definition,
        parseWithSuffix(text, BYTES),
        'bytes, or a number with B, KiB, MiB or GiB'
      )
  }
}

function parseString(text: string, minLength: number): Parsed {
  return text.length >= minLength
    ? { ok: true, value: text }
    : { ok: false, expected: `at least ${minLength} characters` }
}

function parseUrl(text: string, protocols: readonly string[] | undefined): Parsed {
  const expected =
    protocols === undefined ? 'a URL' : `a URL that starts with ${protocols.join(' or ')}`
  if (!URL.canParse(text)) return { ok: false, expected }
  return protocols === undefined || protocols.includes(new URL(text).protocol)
    ? { ok: true, value: text }
    : { ok: false, expected }
}

function parseList(text: string): Parsed {
  const items = text.split(',').map((item) => item.trim())
  return items.every((item) => item !== '')
    ? { ok: true, value: items }
    : { ok: false, expected: 'a comma separated list without empty items' }
}

function parseBoolean(text: string): Parsed {
  if (text === 'true' || text === '1') return { ok: true, value: true }
  if (text === 'false' || text === '0') return { ok: true, value: false }
  return { ok: false, expected: 'true or false' }
}

function parseNumber(
  range: { readonly min?: number; readonly max?: number; readonly unit?: string },
  value: number | null,
  kind: string
): Parsed {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = range
  if (value !== null && value >= min && value <= max) return { ok: true, value }
  return { ok: false, expected: `${kind}${describeRange(range)}` }
}

/** The range in words, with a leading space, or nothing when there is none. */
export function describeRange(range: {
  readonly min?: number
  readonly max?: number
  readonly unit?: string
}): string {
  const unit = range.unit === undefined ? '' : ` ${range.unit}`
  if (range.min !== undefined && range.max !== undefined) {
    return ` from ${range.min} to ${range.max}${unit}`
  }
  if (range.min !== undefined) return ` of at least ${range.min}${unit}`
  return range.max === undefined ? '' : ` of at most ${range.max}${unit}`
}

function parseWithSuffix(text: string, factors: Readonly<Record<string, number>>): number | null {
  const match = /^(\d{1,15})\s?([A-Za-z]*)$/.exec(text)
  if (match === null) return null
  const [, digits = '', suffix = ''] = match
  const factor = suffix === '' ? 1 : Object.hasOwn(factors, suffix) ? factors[suffix] : undefined
  const value = factor === undefined ? Number.NaN : Number(digits) * factor
  return Number.isSafeInteger(value) ? value : null
}
