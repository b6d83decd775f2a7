import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type AvroSchema,
  createLocalCodec,
  type RecordSchema,
  recordNames,
  recordSchema
} from '../../avro/index.ts'
import { recordArbitrary } from '../../avro/testing/record-arbitrary.ts'
import { redacted, toShownValue } from './redaction.ts'

interface Names {
  readonly personal: Set<string>
  readonly plain: Set<string>
}

/** Field names anywhere in a schema. A name may be personal in one type and plain in another. */
function fieldNames(
  schema: AvroSchema,
  found: Names = { personal: new Set(), plain: new Set() }
): Names {
  if (typeof schema === 'string') return found
  if (!('type' in schema)) {
    for (const branch of schema) fieldNames(branch, found)
  } else if (schema.type === 'array') fieldNames(schema.items, found)
  else if (schema.type === 'map') fieldNames(schema.values, found)
  else if (schema.type === 'record') {
    for (const field of (schema as RecordSchema).fields) {
      const names = field.pii === true ? found.personal : found.plain
      names.add(field.name)
      fieldNames(field.type, found)
    }
  }
  return found
}

describe('a value shown to operators', () => {
  test('shows no personal field of any record, however deep, and all others as they are', () => {
    const codec = createLocalCodec()
    for (const record of recordNames) {
      const { personal, plain } = fieldNames(recordSchema(record))
      const blankPersonal = (name: string, item: unknown): unknown =>
        personal.has(name) && item !== null ? redacted : item
      const blankBoth = (name: string, item: unknown): unknown =>
        personal.has(name) && plain.has(name) ? null : item
      fc.assert(
        fc.property(recordArbitrary(record), (made) => {
          const value = codec.decode(record, codec.encode(record, made))
          const wanted = JSON.parse(JSON.stringify(value, blankPersonal), blankBoth) as unknown
          const shown = JSON.stringify(toShownValue(value, record))
          expect(JSON.parse(shown, blankBoth)).toEqual(wanted)
        }),
        { numRuns: 20 }
      )
    }
  })

  test('keeps fields that the schema does not know, and absence', () => {
    const value = { userId: 'c-1', firstName: 'Ada', street: null, later: 1n }
    expect(toShownValue(value, 'SignupRequest')).toEqual({
      userId: 'c-1',
      firstName: redacted,
      street: null,
      later: '1'
    })
  })

  test('is plain JSON where the format is none of the catalogue', () => {
    const value = { at: 5n, raw: Buffer.from('hi'), list: [1n], when: new Date(0), none: null }
    expect(toShownValue(value, undefined)).toEqual({
      at: '5',
      raw: 'aGk=',
      list: ['1'],
      when: '1970-01-01T00:00:00.000Z',
      none: null
    })
    expect(toShownValue(7, undefined)).toBe(7)
  })
})
