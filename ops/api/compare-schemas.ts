/**
 * @module Compares two schemas of the API, without references. A schema is seen as a list of
 * alternatives of one type each (`anyOf`, lists of types); alternatives are paired, then compared
 * keyword by keyword.
 */
import { isObject, type JsonSchema } from '../../ingress/openapi/index.ts'
import { type Difference, kindOf, type Side } from './change.ts'

interface Pair {
  readonly side: Side
  /** Where the schemas are, for people, such as `body.pickup.lat`. */
  readonly at: string
  readonly before: JsonSchema
  readonly after: JsonSchema
}

/** All differences of meaning; texts and examples do not count. */
export function compareSchemas({ side, at, before, after }: Pair): Difference[] {
  const left = alternatives(before)
  const right = alternatives(after)
  const differences: Difference[] = []
  for (const option of left) {
    const index = partnerOf(option, right)
    const [partner] = index === -1 ? [] : right.splice(index, 1)
    if (partner !== undefined) {
      differences.push(...compareAlternatives({ side, at, before: option, after: partner }))
    } else {
      differences.push({
        kind: kindOf(side, 'narrower'),
        what: `${at}: ${nameOf(option)} is gone`
      })
    }
  }
  for (const option of right) differences.push(gained(side, at, option))
  return differences
}

/** A new kind of answer is like a new value of an enumeration: announced, as clients expect them. */
function gained(side: Side, at: string, option: JsonSchema): Difference {
  const isAnnounced = side === 'answer' && option['type'] === 'object'
  return {
    kind: isAnnounced ? 'compatible' : kindOf(side, 'wider'),
    what: `${at}: ${nameOf(option)} is new`
  }
}

function alternatives(schema: JsonSchema): JsonSchema[] {
  const { anyOf, ...rest } = schema
  if (Array.isArray(anyOf)) {
    return anyOf.flatMap((option) => alternatives({ ...rest, ...(option as JsonSchema) }))
  }
  const { type } = schema
  return Array.isArray(type)
    ? type.map((each) => (each === 'null' ? { type: 'null' } : { ...schema, type: each }))
    : [schema]
}

/** The alternative that means the same thing: of one type, and with one fixed value where one has. */
function partnerOf(option: JsonSchema, others: readonly JsonSchema[]): number {
  const mark = markOf(option)
  const exact = others.findIndex(
    (other) => typeOf(other) === typeOf(option) && markOf(other) === mark
  )
  if (exact !== -1) return exact
  const isAny = (schema: JsonSchema): boolean => schema['type'] === undefined
  return others.findIndex(
    (other) =>
      (typeOf(other) === typeOf(option) && markOf(other) === '') || isAny(other) || isAny(option)
  )
}

const typeOf = ({ type }: JsonSchema): unknown => (type === 'integer' ? 'number' : type)

/** Constants of an object, by which alternatives are told apart. */
function markOf({ properties }: JsonSchema): string {
  if (!isObject(properties)) return ''
  return Object.entries(properties)
    .filter(([, property]) => isObject(property) && property['const'] !== undefined)
    .map(([name, property]) => `${name}=${String((property as JsonSchema)['const'])}`)
    .join()
}

function nameOf(option: JsonSchema): string {
  const mark = markOf(option)
  return `${String(option['type'] ?? 'anything')}${mark === '' ? '' : ` with ${mark}`}`
}

function compareAlternatives(pair: Pair): Difference[] {
  return [
    ...compareTypes(pair),
    ...compareValues(pair),
    ...compareLimits(pair),
    ...compareFields(pair),
    ...compareItems(pair)
  ]
}

function compareTypes({ side, at, before, after }: Pair): Difference[] {
  const [left, right] = [before['type'], after['type']]
  if (left === right) return []
  const isWider = right === undefined || (left === 'integer' && right === 'number')
  const isNarrower = left === undefined || (left === 'number' && right === 'integer')
  const kind = isWider || isNarrower ? kindOf(side, isWider ? 'wider' : 'narrower') : 'breaking'
  return [{ kind, what: `${at}: type was ${left ?? 'any'}, is ${right ?? 'any'}` }]
}

/** Values of an enumeration or a constant. Answers may get new ones; see the API's description. */
function compareValues({ side, at, before, after }: Pair): Difference[] {
  const left = valuesOf(before)
  const right = valuesOf(after)
  if (left === null && right === null) return []
  if (left === null || right === null) {
    const direction = right === null ? 'wider' : 'narrower'
    return [{ kind: kindOf(side, direction), what: `${at}: values were ${left}, are ${right}` }]
  }
  return [
    ...left
      .filter((value) => !right.includes(value))
      .map((value) => ({ kind: 'breaking' as const, what: `${at}: value ${value} is gone` })),
    ...right
      .filter((value) => !left.includes(value))
      .map((value) => ({ kind: 'compatible' as const, what: `${at}: value ${value} is new` }))
  ]
}

function valuesOf(schema: JsonSchema): unknown[] | null {
  if (schema['const'] !== undefined) return [schema['const']]
  return Array.isArray(schema['enum']) ? schema['enum'] : null
}

/** Bounds below and above; a missing one is no bound. */
const lower = ['minimum', 'minLength', 'minItems']
const upper = ['maximum', 'maxLength', 'maxItems']
const forms = ['pattern', 'format']

function compareLimits({ side, at, before, after }: Pair): Difference[] {
  const differences: Difference[] = []
  for (const keyword of [...lower, ...upper, ...forms]) {
    const [left, right] = [before[keyword], after[keyword]]
    if (left === right) continue
    const what = `${at}: ${keyword} was ${left ?? 'open'}, is ${right ?? 'open'}`
    differences.push({ kind: kindOfLimit(side, keyword, [left, right]), what })
  }
  return differences
}

function kindOfLimit(side: Side, keyword: string, [left, right]: [unknown, unknown]) {
  if (right === undefined) return kindOf(side, 'wider')
  if (left === undefined) return kindOf(side, 'narrower')
  // Whether one pattern takes all that another takes is not known.
  if (forms.includes(keyword)) return 'breaking'
  const isRaised = Number(right) > Number(left)
  return kindOf(side, isRaised === upper.includes(keyword) ? 'wider' : 'narrower')
}

function compareFields({ side, at, before, after }: Pair): Difference[] {
  const [left, right] = [fieldsOf(before), fieldsOf(after)]
  const differences: Difference[] = []
  for (const [name, field] of left) {
    const other = right.get(name)
    const inner = at === '' ? name : `${at}.${name}`
    if (other === undefined) {
      // A field that is no longer known is refused, or missed.
      const isTaken = side === 'request' && after['additionalProperties'] !== false
      differences.push({ kind: isTaken ? 'compatible' : 'breaking', what: `${inner} is gone` })
      continue
    }
    if (field.isRequired !== other.isRequired) {
      const kind = kindOf(side, other.isRequired ? 'narrower' : 'wider')
      differences.push({
        kind,
        what: `${inner} is ${other.isRequired ? 'now' : 'no longer'} required`
      })
    }
    differences.push(
      ...compareSchemas({ side, at: inner, before: field.schema, after: other.schema })
    )
  }
  for (const [name, { isRequired }] of right) {
    if (left.has(name)) continue
    const kind = side === 'request' && isRequired ? 'breaking' : 'compatible'
    differences.push({ kind, what: `${at}.${name} is new${isRequired ? ' and required' : ''}` })
  }
  return [...differences, ...compareOpenness({ side, at, before, after })]
}

function compareOpenness({ side, at, before, after }: Pair): Difference[] {
  const wasClosed = before['additionalProperties'] === false
  const isClosed = after['additionalProperties'] === false
  if (side === 'answer' || wasClosed === isClosed) return []
  const what = `${at}: unknown fields are ${isClosed ? 'now refused' : 'taken'}`
  return [{ kind: kindOf(side, isClosed ? 'narrower' : 'wider'), what }]
}

interface Field {
  readonly schema: JsonSchema
  readonly isRequired: boolean
}

function fieldsOf({ properties, required = [] }: JsonSchema): Map<string, Field> {
  const entries = Object.entries((properties ?? {}) as Record<string, JsonSchema>)
  return new Map(
    entries.map(([name, schema]) => [
      name,
      { schema, isRequired: (required as string[]).includes(name) }
    ])
  )
}

function compareItems({ side, at, before, after }: Pair): Difference[] {
  const [left, right] = [before['items'] ?? {}, after['items'] ?? {}] as JsonSchema[]
  if (before['type'] !== 'array' || after['type'] !== 'array') return []
  return compareSchemas({ side, at: `${at}[]`, before: left ?? {}, after: right ?? {} })
}
