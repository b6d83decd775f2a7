/**
 * Compiled validators of the routes' schemas, and how their findings become a problem document.
 * Query strings arrive as text: numbers and booleans are read strictly before the check.
 *
 * @module
 */
import Type, { type Static, type TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Problem, type Violation } from './problem.ts'

/** More findings than this say nothing new, and an answer has to stay small. */
const violationsMax = 16

/** All parameters of the longest route with their longest values fit in a quarter of this. */
const queryLengthMax = 2_048

/** Numbers as people write them; no hex, no exponent, no blanks. */
const numberPattern = /^-?\d{1,15}(\.\d{1,15})?$/

/** Checks one value; throws the problem. */
export type Validate = (value: unknown) => void

/** Compiles a body schema once, at the start. */
export const createBodyValidator = (schema: TSchema): Validate => {
  const validator = Compile(schema)
  return (value) => {
    if (!validator.Check(value)) throw violationProblem(validator.Errors(value), 'body')
  }
}

/** Judges the items of a batch, each for itself. */
export type ItemCheck<Item> = {
  /** All at once, as most batches are good. */
  areValid(items: readonly unknown[]): items is readonly Item[]
  /** What is wrong with one, or null; paths are relative to the item. */
  problemOf(item: unknown): Problem | null
}

/** Compiles the schema of an item once, at the start. */
export const createItemCheck = <Schema extends TSchema>(
  schema: Schema
): ItemCheck<Static<Schema>> => {
  const one = Compile(schema as TSchema)
  const all = Compile(Type.Array(schema) as TSchema)
  return {
    areValid: (items): items is readonly Static<Schema>[] => all.Check(items),
    problemOf: (item) => (one.Check(item) ? null : violationProblem(one.Errors(item), 'item'))
  }
}

/**
 * Compiles a query schema; the returned function gives the typed query of a raw query string. One
 * build of the web server has none where a URL ends without a question mark.
 */
export const createQueryReader = (schema: TSchema): ((raw?: string) => unknown) => {
  const validator = Compile(schema)
  const types = propertyTypes(schema)
  return (raw = '') => {
    if (raw.length > queryLengthMax) {
      throw new Problem('malformed_query', {
        detail: `Expected at most ${queryLengthMax} characters of query`
      })
    }
    const query = parseQuery(raw, types)
    if (!validator.Check(query)) throw violationProblem(validator.Errors(query), 'query')
    return query
  }
}

const propertyTypes = (schema: TSchema): Map<string, string> => {
  const properties = (schema as { properties?: Record<string, { type?: string }> }).properties ?? {}
  return new Map(Object.entries(properties).map(([name, { type }]) => [name, type ?? 'string']))
}

const parseQuery = (raw: string, types: Map<string, string>): Record<string, unknown> => {
  const query: Record<string, unknown> = Object.create(null)
  for (const [name, text] of new URLSearchParams(raw)) {
    if (name in query) {
      throw new Problem('malformed_query', { detail: `Expected one value of ${clip(name)}` })
    }
    const type = types.get(name)
    const isNumber = type === 'number' || type === 'integer'
    query[name] = isNumber && numberPattern.test(text) ? Number(text) : text
  }
  return { ...query }
}

type Finding = {
  keyword: string
  instancePath: string
  message: string
  params?: unknown
}

/** `whole` names what has no path. */
const violationProblem = (
  findings: readonly Finding[],
  whole: 'body' | 'query' | 'item'
): Problem => {
  // Of an unknown field the validator says twice that it is none.
  const byText = new Map<string, Violation>()
  for (const violation of findings.flatMap(violationsOf)) {
    byText.set(`${violation.path} ${violation.message}`, violation)
  }
  const errors = [...byText.values()].slice(0, violationsMax)
  const isOffTheMap = findings.every(isCoordinateRange)
  return new Problem(isOffTheMap ? 'outside_service_area' : 'validation_failed', {
    detail: errors
      .map(({ path, message }) => `${path === '' ? whole : path} ${message}`)
      .join('; '),
    errors
  })
}

const violationsOf = ({ keyword, instancePath, message, params }: Finding): Violation[] => {
  if (keyword === 'boolean') return [unknownField(instancePath)]
  const unknown = (params as { additionalProperties?: string[] } | undefined)?.additionalProperties
  if (unknown === undefined) return [{ path: clip(instancePath), message }]
  return unknown.map((name) => unknownField(`${instancePath}/${name}`))
}

const unknownField = (path: string): Violation => ({
  path: clip(path),
  message: 'is not a known field'
})

const isCoordinateRange = ({ keyword, instancePath }: Finding): boolean =>
  (keyword === 'minimum' || keyword === 'maximum') && /(^|\/)(lat|lon)$/.test(instancePath)

/** A client's own words in an answer are kept short. */
const clip = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}…` : text)
