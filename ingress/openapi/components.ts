/**
 * The reusable parts of the API description. A schema with a title becomes a component of that name;
 * a schema used in requests and in answers has a closed form and, with `Shown` appended, an open one.
 *
 * @module
 */
import type { TSchema } from 'typebox'
import { isObject, type JsonSchema, mapSchema, open, simplify } from './json-schema.ts'

/** Where a schema is used; requests have to be described before answers. */
export type Direction = 'request' | 'answer'

/** Collects components while operations are described. */
export class SchemaComponents {
  readonly #schemaByName = new Map<string, JsonSchema>()

  /** The schema with its titled parts replaced by references. */
  describe(schema: TSchema, direction: Direction): JsonSchema {
    const plain = JSON.parse(JSON.stringify(schema)) as JsonSchema
    return mapSchema(plain, (part) =>
      this.#hoist(direction === 'answer' ? open(simplify(part)) : simplify(part), direction)
    )
  }

  /** The components, by name. */
  toDocument(): Record<string, JsonSchema> {
    return Object.fromEntries(
      [...this.#schemaByName].sort(([left], [right]) => (left < right ? -1 : 1))
    )
  }

  #hoist(schema: JsonSchema, direction: Direction): JsonSchema {
    const { title } = schema
    if (typeof title !== 'string') return schema
    // A nullable component: the reference is one of the alternatives.
    const { title: _title, ...rest } = schema
    if (Array.isArray(rest['type']) && isObject(rest['properties'])) {
      const [type] = rest['type'] as string[]
      const reference = this.#add(title, { ...rest, type }, direction)
      return { anyOf: [reference, { type: 'null' }] }
    }
    return this.#add(title, rest, direction)
  }

  #add(title: string, schema: JsonSchema, direction: Direction): JsonSchema {
    const known = this.#schemaByName.get(title)
    const isSame = known === undefined || isEqual(known, schema)
    if (!isSame && direction === 'request') {
      throw new Error(`expected one schema titled ${title} in requests, got two`)
    }
    const name = isSame ? title : `${title}Shown`
    const other = this.#schemaByName.get(name)
    if (other !== undefined && !isEqual(other, schema)) {
      throw new Error(`expected one schema titled ${title} in answers, got two`)
    }
    this.#schemaByName.set(name, schema)
    return { $ref: `#/components/schemas/${name}` }
  }
}

const isEqual = (left: JsonSchema, right: JsonSchema): boolean =>
  JSON.stringify(left) === JSON.stringify(right)
