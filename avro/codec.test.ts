import avsc from 'avsc'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assertThat, HailError } from '../core/index.ts'
import { createCodec, payloadBytesMax, recordTypes } from './codec.ts'
import { compileSchema } from './compiled-types.ts'
import { createLocalCodec } from './local-codec.ts'
import { recordNames, recordSchema } from './schemas.ts'
import { recordArbitrary } from './testing/record-arbitrary.ts'
import type { NotificationTask, SsnClaimState } from './types.generated.ts'
import { UnknownSchemaError } from './unknown-schema-error.ts'

const codec = createLocalCodec()
const claim: SsnClaimState = { signupId: 's1', emailKey: 'e1', grantedAt: 1_700_000_000_000 }

function errorOf(run: () => unknown): HailError {
  try {
    run()
  } catch (error) {
    assertThat(error instanceof HailError, 'expected a HailError')
    return error
  }
  throw new TypeError('expected an error')
}

function withId(id: number, body: Buffer): Buffer {
  const header = Buffer.alloc(5)
  header.writeUInt32BE(id, 1)
  return Buffer.concat([header, body])
}

async function rejectUnknown(schemaId: number): Promise<never> {
  throw new UnknownSchemaError(schemaId)
}

describe('round trip', () => {
  test.each(recordNames)('gives %s back as it was, to us and to a plain Avro reader', (record) => {
    const plain = avsc.Type.forSchema(recordSchema(record) as never, { wrapUnions: 'never' })
    fc.assert(
      fc.property(recordArbitrary(record), (value) => {
        const payload = codec.encode(record, value)
        expect(codec.decode(record, payload)).toEqual(value)
        expect(plain.fromBuffer(payload.subarray(5))).toBeDefined()
        expect(codec.encode(record, codec.decode(record, payload))).toEqual(payload)
      }),
      { numRuns: 30 }
    )
  })

  test('gives plain objects', () => {
    const value = codec.decode('SsnClaimState', codec.encode('SsnClaimState', claim))
    expect(value).toStrictEqual(claim)
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
  })

  test('fills an optional field that is left out with null', () => {
    const { reason: _, ...rest } = {
      actionId: 'a1',
      rideId: 'r1',
      actorId: 'c1',
      actorRole: 'CUSTOMER',
      type: 'RATE',
      reason: null,
      rating: 5,
      actedAt: 1
    } as const
    const payload = codec.encode('RiderAction', rest as never)
    expect(codec.decode('RiderAction', payload)).toStrictEqual({ ...rest, reason: null })
  })

  test('keeps a map key named __proto__ and pollutes nothing', () => {
    const params = JSON.parse('{"__proto__":"x","constructor":"y"}') as Record<string, string>
    const task: NotificationTask = {
      notificationId: 'n1',
      userId: 'u1',
      role: 'CUSTOMER',
      channel: 'PUSH',
      template: 't',
      params,
      rideId: null,
      createdAt: 1,
      expiresAt: 2
    }
    const decoded = codec.decode('NotificationTask', codec.encode('NotificationTask', task))
    expect(Object.entries(decoded.params)).toEqual(Object.entries(params))
    expect(Object.getPrototypeOf(decoded.params)).toBe(Object.prototype)
  })

  test('gives a buffer that later encodings leave alone', () => {
    const first = codec.encode('SsnClaimState', claim)
    const copy = Buffer.from(first)
    codec.encode('SsnClaimState', { ...claim, signupId: 'other' })
    expect(first).toEqual(copy)
  })

  test('grows for a value larger than any before', () => {
    const large = { ...claim, signupId: 'x'.repeat(300_000) }
    const payload = codec.encode('SsnClaimState', large)
    expect(codec.decode('SsnClaimState', payload)).toEqual(large)
  })
})

describe('encoding', () => {
  test('begins with the magic byte and the schema id', () => {
    const id = recordNames.indexOf('SsnClaimState') + 1
    const payload = codec.encode('SsnClaimState', claim)
    expect(payload.subarray(0, 5)).toEqual(Buffer.from([0, 0, 0, 0, id]))
  })

  test.each([2 ** 53, 2 ** 52, -(2 ** 52) - 1])(
    'refuses %d, which would lose precision, and names the field, not the value',
    (grantedAt) => {
      const error = errorOf(() => codec.encode('SsnClaimState', { ...claim, grantedAt }))
      expect(error).toMatchObject({
        code: 'HAIL_ENCODE',
        reaction: 'skip-to-dlq',
        message: 'expected SsnClaimState, got integer out of range at grantedAt (long)'
      })
    }
  )

  test.each([
    [{ ...claim, grantedAt: 1.5 }, 'number that is no integer at grantedAt (long)'],
    [{ ...claim, signupId: null }, 'null at signupId (string)'],
    [{ signupId: 's', emailKey: 'e' }, 'undefined at grantedAt (long)'],
    [null, 'null at the top (SsnClaimState)'],
    [undefined, 'undefined at the top (SsnClaimState)'],
    [{}, 'undefined at signupId (string), undefined at emailKey (string), undefined at grantedAt']
  ])('says what does not fit in %j', (value, expected) => {
    const error = errorOf(() => codec.encode('SsnClaimState', value as never))
    expect(error.code).toBe('HAIL_ENCODE')
    expect(error.message).toContain(expected)
  })

  test('names the path of a nested field and shortens long lists', () => {
    const rides = Array.from({ length: 8 }, () => ({ rideId: 7, bodyHash: 'h', open: true, at: 1 }))
    const error = errorOf(() => codec.encode('IntakeState', { rides } as never))
    expect(error.message).toContain('number at rides.0.rideId (string)')
    expect(error.message).toMatch(/and 3 more$/)
  })

  test('names an unknown symbol and a misfit of an optional field', () => {
    const state = { status: 'GONE', task: null, attempts: 0, nextAt: 2 ** 60, lastError: 1 }
    const error = errorOf(() => codec.encode('NotificationState', state as never))
    expect(error.message).toContain('unknown symbol at status (NotificationStatus)')
    expect(error.message).toContain('integer out of range at nextAt (long)')
    expect(error.message).toContain('number at lastError (null|string)')
  })

  test('refuses a value that no broker would take', () => {
    const huge = { ...claim, signupId: 'x'.repeat(payloadBytesMax) }
    expect(errorOf(() => codec.encode('SsnClaimState', huge)).code).toBe('HAIL_ENCODE')
  })

  test('crashes when no subject of the record was loaded', () => {
    const bare = createCodec({ ids: new Map(), writers: new Map(), fetchWriter: rejectUnknown })
    const error = errorOf(() => bare.encode('SsnClaimState', claim))
    expect(error.reaction).toBe('fatal')
  })
})

describe('decoding', () => {
  const payload = codec.encode('SsnClaimState', claim)

  test('refuses every truncation', () => {
    for (let length = 0; length < payload.length; length += 1) {
      const error = errorOf(() => codec.decode('SsnClaimState', payload.subarray(0, length)))
      expect(error).toMatchObject({ code: 'HAIL_DECODE', reaction: 'skip-to-dlq' })
    }
  })

  test('refuses trailing bytes and a wrong magic byte', () => {
    const trailing = Buffer.concat([payload, Buffer.from([0])])
    expect(errorOf(() => codec.decode('SsnClaimState', trailing)).message).toContain('trailing')
    const plain = Buffer.concat([Buffer.from('{'), payload.subarray(1)])
    expect(errorOf(() => codec.decode('SsnClaimState', plain)).message).toContain('0x7b')
  })

  test('refuses a long of another writer that a double cannot hold', () => {
    const id = recordNames.indexOf('SsnClaimState') + 1
    // Two empty strings and the zigzag form of -(2^52 + 1), which is 2^53 + 1.
    const body = Buffer.from([0, 0, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10])
    const error = errorOf(() => codec.decode('SsnClaimState', withId(id, body)))
    expect(error.code).toBe('HAIL_DECODE')
  })

  test('refuses another record', () => {
    const other = codec.encode('TimerState', { key: 'k', name: 'n', dueMs: 1, clock: 'task' })
    const error = errorOf(() => codec.decode('SsnClaimState', other))
    expect(error.code).toBe('HAIL_DECODE')
    expect(errorOf(() => codec.decode('SsnClaimState', other)).message).toBe(error.message)
  })

  test('asks for an unknown schema id to be learnt, then decodes', async () => {
    const writer = recordTypes.get('SsnClaimState')
    assertThat(writer !== undefined, 'the record exists')
    const learning = createCodec({
      ids: new Map(),
      writers: new Map(),
      fetchWriter: async () => writer
    })
    const error = errorOf(() => learning.decode('SsnClaimState', withId(900, payload.subarray(5))))
    expect(error).toBeInstanceOf(UnknownSchemaError)
    expect(error).toMatchObject({ code: 'HAIL_UNKNOWN_SCHEMA', reaction: 'retry', schemaId: 900 })
    await learning.learn(900)
    expect(learning.decode('SsnClaimState', withId(900, payload.subarray(5)))).toEqual(claim)
  })

  test('resolves a schema with fields removed, added and arrays skipped', () => {
    const written = compileSchema({
      type: 'record',
      name: 'TimerState',
      namespace: 'hailstream',
      fields: [
        { name: 'tags', type: { type: 'array', items: 'string' } },
        { name: 'name', type: 'string' },
        { name: 'notes', type: { type: 'map', values: 'string' } },
        { name: 'key', type: 'string' },
        { name: 'dueMs', type: 'int' }
      ]
    })
    const later = createCodec({
      ids: new Map(),
      writers: new Map([[7, written]]),
      fetchWriter: rejectUnknown
    })
    const value = { tags: ['a', 'b'], name: 'n', notes: { x: 'y' }, key: 'k', dueMs: 5 }
    const decoded = later.decode('TimerState', withId(7, written.toBuffer(value)))
    expect(decoded).toStrictEqual({ key: 'k', name: 'n', dueMs: 5, clock: 'task' })
  })

  test('reads a symbol of a later version as the default of the enum', () => {
    const schema = JSON.parse(JSON.stringify(recordSchema('RideClosed')).replace('REJECTED', 'NEW'))
    const writer = compileSchema(schema)
    const reader = createCodec({
      ids: new Map(),
      writers: new Map([[7, writer]]),
      fetchWriter: rejectUnknown
    })
    const body = writer.toBuffer({ rideId: 'r', customerId: 'c', status: 'NEW', closedAt: 1 })
    expect(reader.decode('RideClosed', withId(7, body)).status).toBe('REQUESTED')
  })

  test('ends at once on a payload that claims more items than it has bytes', () => {
    const id = recordNames.indexOf('IntakeState') + 1
    const claimsMany = Buffer.from([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0x02, 0x61])
    const error = errorOf(() => codec.decode('IntakeState', withId(id, claimsMany)))
    expect(error.code).toBe('HAIL_DECODE')
  })

  test('answers any bytes with a record or HAIL_DECODE', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...recordNames),
        fc.uint8Array({ maxLength: 200 }),
        (record, bytes) => {
          const id = recordNames.indexOf(record) + 1
          try {
            codec.decode(record, withId(id, Buffer.from(bytes)))
          } catch (error) {
            expect(error).toMatchObject({ code: 'HAIL_DECODE' })
          }
        }
      ),
      { numRuns: 3000 }
    )
  })

  test('answers any damage to a record with a record or HAIL_DECODE', () => {
    fc.assert(
      fc.property(
        recordArbitrary('DriverRecord'),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (value, place, damage) => {
          const bytes = codec.encode('DriverRecord', value)
          const at = 5 + (place % (bytes.length - 5))
          bytes[at] = (bytes[at] ?? 0) ^ damage
          try {
            codec.decode('DriverRecord', bytes)
          } catch (error) {
            expect(error).toMatchObject({ code: 'HAIL_DECODE' })
          }
        }
      ),
      { numRuns: 500 }
    )
  })
})
