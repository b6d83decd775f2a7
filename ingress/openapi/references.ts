/**
 * References within an API description, looked up.
 *
 * @module
 */
import { isObject, type JsonSchema } from './json-schema.ts'

/** What `{ $ref }` names; anything else as it is. Throws for a name that is not there. */
export const resolve = (value: JsonSchema, document: JsonSchema): JsonSchema => {
  const { $ref } = value
  if (typeof $ref !== 'string') return value
  let found: unknown = document
  for (const step of $ref.replace('#/', '').split('/')) {
    found = isObject(found) ? found[step.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined
  }
  if (!isObject(found)) throw new Error(`expected ${$ref} in the API description`)
  return resolve(found, document)
}

/**
 * A copy with every reference replaced by what it names. Keywords beside a reference are merged into
 * it, properties one by one; the schemas of this API are not recursive.
 */
export const dereference = (value: unknown, document: JsonSchema): unknown =>
  follow(value, { document, known: new Map() })

type Lookup = { document: JsonSchema; known: Map<string, JsonSchema> }

const follow = (value: unknown, lookup: Lookup): unknown => {
  if (Array.isArray(value)) return value.map((each) => follow(each, lookup))
  if (!isObject(value)) return value
  const { $ref, ...beside } = value
  const own = Object.fromEntries(
    Object.entries(beside).map(([key, each]) => [key, follow(each, lookup)])
  )
  if (typeof $ref !== 'string') return own
  const { document, known } = lookup
  const target = known.get($ref) ?? (follow(resolve({ $ref }, document), lookup) as JsonSchema)
  known.set($ref, target)
  return Object.keys(own).length === 0 ? target : merge(target, own)
}

const merge = (base: JsonSchema, more: JsonSchema): JsonSchema => {
  const merged = { ...base }
  for (const [key, value] of Object.entries(more)) {
    const before = merged[key]
    merged[key] = isObject(before) && isObject(value) ? merge(before, value) : value
  }
  return merged
}
