import { describe, expect, test } from 'vitest'
import {
  type AvroSchema,
  type FieldSchema,
  isUnion,
  type NamedSchema,
  recordNames,
  recordSchema,
  schemaFiles
} from './schemas.ts'

/** Every named type reachable from a schema, with those defined inline. */
function namedTypesOf(schema: AvroSchema): NamedSchema[] {
  if (typeof schema === 'string') return []
  if (isUnion(schema)) return schema.flatMap(namedTypesOf)
  switch (schema.type) {
    case 'array':
      return namedTypesOf(schema.items)
    case 'map':
      return namedTypesOf(schema.values)
    case 'enum':
      return [schema]
    case 'record':
      return [schema, ...schema.fields.flatMap(({ type }) => namedTypesOf(type))]
    case 'long':
      return []
  }
}

const files = Object.values(schemaFiles).flatMap((group) => [...group.values()])
const namedTypes = files.flatMap(namedTypesOf)
const fields = namedTypes.flatMap((type) => {
  if (type.type === 'enum') return []
  return type.fields.map((field): [string, FieldSchema] => [`${type.name}.${field.name}`, field])
})

/** Fields that hold what identifies a person; ids and keyed hashes made by us do not. */
const personal = new Set([
  'firstName',
  'lastName',
  'email',
  'phone',
  'street',
  'city',
  'zip',
  'ssnCipher',
  'ssnKey',
  'ssnKeysBefore',
  'ssnLast4',
  'plate',
  'lat',
  'lon',
  'params'
])
const personalByPath = new Set(['Licence.number', 'SignupRequest.state', 'UserEvent.state'])

describe('schemas', () => {
  test('define each name once', () => {
    const names = namedTypes.map(({ name }) => name)
    expect(names.toSorted()).toEqual([...new Set(names)].sort())
  })

  test('have the namespace in every file', () => {
    expect(files.filter((schema) => schema.namespace !== 'hailstream')).toEqual([])
  })

  test('document every type and field in a sentence', () => {
    const docs = [...namedTypes.map((type) => [type.name, type] as const), ...fields]
    const lacking = docs.filter(([, { doc }]) => !/^[A-Z].*\.$/.test(doc ?? ''))
    expect(lacking.map(([name]) => name)).toEqual([])
  })

  test('tag exactly the fields that identify a person', () => {
    const tagged = fields.filter(([, field]) => field.pii === true).map(([path]) => path)
    const expected = fields.filter(([path, { name }]) => {
      return personal.has(name) || personalByPath.has(path)
    })
    expect(tagged).toEqual(expected.map(([path]) => path))
  })

  test('give every enum its first symbol as default', () => {
    const enums = namedTypes.filter((type) => type.type === 'enum')
    expect(enums.length).toBeGreaterThan(0)
    expect(enums.filter(({ symbols, default: first }) => symbols[0] !== first)).toEqual([])
  })

  test('have unions of null and one other type only, with null as default', () => {
    const unions = fields.filter(([, { type }]) => isUnion(type))
    const wrong = unions.filter(([, { type, default: value }]) => {
      return !isUnion(type) || type.length !== 2 || type[0] !== 'null' || value !== null
    })
    expect(wrong.map(([path]) => path)).toEqual([])
  })

  test('hold money as integers and name its unit', () => {
    const money = fields.filter(([, { name }]) => name.endsWith('Minor'))
    const wrong = money.filter(([, { type }]) => ![type].flat().includes('long'))
    expect(wrong.map(([path]) => path)).toEqual([])
  })

  test.each(recordNames)('stand alone once inlined: %s', (record) => {
    const schema = recordSchema(record)
    const defined = namedTypesOf(schema).map(({ name }) => name)
    expect(defined).toEqual([...new Set(defined)])
    expect(schema.name).toBe(record)
  })
})
