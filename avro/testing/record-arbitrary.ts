/**
 * Arbitrary records for property tests, made from their schemas.
 * @module
 */
import fc from 'fast-check'
import { longMax } from '../compiled-types.ts'
import { type AvroSchema, isUnion, type NamedSchema, recordSchema } from '../schemas.ts'
import type { RecordName, Records } from '../types.generated.ts'

const primitives: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  null: fc.constant(null),
  boolean: fc.boolean(),
  int: fc.integer(),
  long: fc.integer({ min: -longMax, max: longMax }),
  double: fc.double({ noNaN: true }),
  string: fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.string({ minLength: 200 }))
}

const mapKey = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', ''))

function arbitraryOf(
  schema: AvroSchema,
  named: Map<string, fc.Arbitrary<unknown>>
): fc.Arbitrary<unknown> {
  if (typeof schema === 'string') {
    const arbitrary = primitives[schema] ?? named.get(schema)
    if (arbitrary === undefined) throw new TypeError(`type ${schema} is not defined`)
    return arbitrary
  }
  if (isUnion(schema)) return fc.oneof(...schema.map((branch) => arbitraryOf(branch, named)))
  switch (schema.type) {
    case 'array':
      return fc.array(arbitraryOf(schema.items, named), { maxLength: 4 })
    case 'map':
      return fc
        .array(fc.tuple(mapKey, arbitraryOf(schema.values, named)), { maxLength: 6 })
        .map((entries) => Object.fromEntries(entries))
    case 'long':
      return primitives['long'] as fc.Arbitrary<unknown>
    default:
      return namedArbitrary(schema, named)
  }
}

function namedArbitrary(
  schema: NamedSchema,
  named: Map<string, fc.Arbitrary<unknown>>
): fc.Arbitrary<unknown> {
  const arbitrary =
    schema.type === 'enum'
      ? fc.constantFrom(...schema.symbols)
      : fc.record(
          Object.fromEntries(
            schema.fields.map(({ name, type }) => [name, arbitraryOf(type, named)])
          ),
          { noNullPrototype: true }
        )
  named.set(schema.name, arbitrary)
  return arbitrary
}

/** Any value of a record that its schema allows. */
export function recordArbitrary<R extends RecordName>(record: R): fc.Arbitrary<Records[R]> {
  return arbitraryOf(recordSchema(record), new Map()) as fc.Arbitrary<Records[R]>
}
