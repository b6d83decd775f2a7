import { describe, expect, test } from 'vitest'
import { FatalError } from '../errors.ts'
import { ByteWriter } from './byte-writer.ts'
import { RecordWithHeaders } from './record-headers.ts'

function aRecord(pairs: readonly (readonly [string, string | null])[]): RecordWithHeaders {
  const writer = new ByteWriter(0)
  writer.varint(pairs.length)
  for (const [name, value] of pairs) {
    writer.textField(name)
    if (value === null) writer.field(null)
    else writer.textField(value)
  }
  return withBytes(writer.written())
}

function withBytes(bytes: Buffer): RecordWithHeaders {
  const fields = { topic: 't', partition: 3, offset: 7n, timestampMs: 1, key: null, value: null }
  return new RecordWithHeaders(fields, bytes)
}

describe('headers', () => {
  test('are decoded once, with the fields of the record beside them', () => {
    const record = aRecord([['correlation-id', 'c-1']])
    expect(record.headers).toEqual({ 'correlation-id': 'c-1' })
    expect(record.headers).toBe(record.headers)
    expect(record).toMatchObject({ topic: 't', partition: 3, offset: 7n, timestampMs: 1 })
  })

  test('keep names apart that stood at the same place before', () => {
    const names = ['correlation-id', 'correlation-ie', 'correlation', 'é', 'Ã©', 'é']
    for (const name of names) expect(Object.keys(aRecord([[name, 'x']]).headers)).toEqual([name])
  })

  test('take the last of several with one name, and nothing for an empty text', () => {
    const record = aRecord([
      ['a', '1'],
      ['b', null],
      ['a', '2']
    ])
    expect(record.headers).toEqual({ a: '2', b: '' })
  })

  test('can have any name', () => {
    const { headers } = aRecord([['__proto__', 'text']])
    expect(Object.entries(headers)).toEqual([['__proto__', 'text']])
  })

  test('that are broken are refused with their place', () => {
    const bytes = Buffer.from([2, 40, 65])
    expect(() => withBytes(bytes).headers).toThrow(FatalError)
    expect(() => withBytes(bytes).headers).toThrow(/t-3@7/)
  })
})
