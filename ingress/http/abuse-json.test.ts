/**
 * @module Bodies that two parsers would read in two ways, or that one could not read at all.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestIngress, type TestIngress } from '../testing/test-ingress.ts'
import { parseJson } from './json.ts'

describe('parseJson', () => {
  test('gives what JSON.parse gives for everything JSON.stringify writes', () => {
    const value = fc.jsonValue({ maxDepth: 6, stringUnit: 'grapheme' })
    fc.assert(
      fc.property(value, fc.constantFrom(0, 1), (given, indent) => {
        const text = JSON.stringify(given, null, indent)
        expect(parseJson(Buffer.from(text))).toEqual(JSON.parse(text))
      })
    )
  })

  test('refuses a name given twice at any depth, however it is written', () => {
    const names = fc.uniqueArray(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 5 })
    const escaped = (name: string): string =>
      `"${[...name].flatMap((c) => Array.from({ length: c.length }, (_, i) => `\\u${c.charCodeAt(i).toString(16).padStart(4, '0')}`)).join('')}"`
    fc.assert(
      fc.property(
        names,
        fc.nat(),
        fc.boolean(),
        fc.nat({ max: 5 }),
        (given, at, isEscaped, depth) => {
          const again = given[at % given.length] ?? ''
          const members = given.map((name) => `${JSON.stringify(name)}:":{"`)
          members.push(`${isEscaped ? escaped(again) : JSON.stringify(again)}:1`)
          const inner = `{${members.join(',')}}`
          const text = `${'{"a:b":['.repeat(depth)}${inner}${']}'.repeat(depth)}`
          expect(() => parseJson(Buffer.from(text))).toThrow('Expected every name once')
        }
      )
    )
  })

  test('refuses nesting beyond its depth without running out of stack', () => {
    const nested = (depth: number): Buffer => Buffer.from('['.repeat(depth) + ']'.repeat(depth))
    expect(parseJson(nested(16))).toBeTruthy()
    for (const depth of [17, 32_768, 500_000]) {
      expect(() => parseJson(nested(depth))).toThrow('Expected at most 16 levels')
    }
    const objects = `${'{"a":'.repeat(13_000)}1${'}'.repeat(13_000)}`
    expect(() => parseJson(Buffer.from(objects))).toThrow('Expected at most 16 levels')
  })
})

describe('a body', () => {
  let it: TestIngress
  const rider = { role: 'customer', subject: 'c-1' } as const
  beforeAll(async () => {
    it = await startTestIngress({ LIMIT_WRITES: '0' })
  })
  afterAll(() => it.ingress.drain())

  const place = '{"lat":40.758,"lon":-73.9855}'
  const post = (body: string | Uint8Array) => it.post('/rides', { as: rider, key: it.key(), body })

  test.each<[string, string | Uint8Array, number, string]>([
    ['nothing', '', 400, 'malformed_json'],
    ['blanks', '  \n', 400, 'malformed_json'],
    ['half an object', '{"pickup":', 400, 'malformed_json'],
    ['two values', `{} {}`, 400, 'malformed_json'],
    ['a comment', '{/**/}', 400, 'malformed_json'],
    ['single quotes', "{'a':1}", 400, 'malformed_json'],
    ['a comma too many', '{"a":1,}', 400, 'malformed_json'],
    ['a byte order mark', '\ufeff{}', 400, 'malformed_json'],
    ['NUL', '{"a":\0}', 400, 'malformed_json'],
    ['bytes that are not UTF-8', Buffer.from('{"a":"\xff"}', 'latin1'), 400, 'malformed_json'],
    ['an overlong encoding', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), 400, 'malformed_json'],
    ['a surrogate as UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 400, 'malformed_json'],
    ['UTF-16', Buffer.from('{}', 'utf16le'), 400, 'malformed_json'],
    ['NaN', '{"pickup":NaN}', 400, 'malformed_json'],
    ['Infinity', '{"pickup":Infinity}', 400, 'malformed_json'],
    ['hex', '{"pickup":0x10}', 400, 'malformed_json'],
    [
      'a name twice',
      `{"pickup":${place},"pickup":${place},"dropoff":${place}}`,
      400,
      'malformed_json'
    ],
    [
      'a name twice within',
      `{"pickup":{"lat":1,"lat":2,"lon":3},"dropoff":${place}}`,
      400,
      'malformed_json'
    ],
    ['32,000 arrays', '['.repeat(32_000) + ']'.repeat(32_000), 400, 'malformed_json'],
    ['60,000 open arrays', '['.repeat(60_000), 400, 'malformed_json'],
    ['10,000 objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`, 400, 'malformed_json'],
    [
      'half a pair',
      `{"pickup":${place},"dropoff":${place},"quoteToken":"\\ud800"}`,
      400,
      'malformed_json'
    ],
    ['a pair the wrong way round', '{"quoteToken":"\\udc00\\ud800"}', 400, 'malformed_json'],
    ['a name with half a pair', '{"\\ud800":1}', 400, 'malformed_json'],
    ['null', 'null', 422, 'validation_failed'],
    ['a number', '1', 422, 'validation_failed'],
    ['an array', '[]', 422, 'validation_failed'],
    ['text', '"pickup"', 422, 'validation_failed'],
    [
      '6,000 fields',
      `{${Array.from({ length: 6_000 }, (_, i) => `"${i}":0`).join()}}`,
      422,
      'validation_failed'
    ],
    [
      '__proto__',
      `{"pickup":${place},"dropoff":${place},"__proto__":{"quoteToken":"a"}}`,
      422,
      'validation_failed'
    ],
    [
      '__proto__ within',
      `{"pickup":{"lat":1,"__proto__":{"lon":2}},"dropoff":${place}}`,
      422,
      'validation_failed'
    ],
    [
      'a constructor',
      `{"pickup":${place},"dropoff":${place},"constructor":{"prototype":{}}}`,
      422,
      'validation_failed'
    ],
    [
      'an inherited name',
      `{"pickup":${place},"dropoff":${place},"toString":1}`,
      422,
      'validation_failed'
    ],
    ['1e400', `{"pickup":{"lat":1e400,"lon":0},"dropoff":${place}}`, 422, 'validation_failed'],
    [
      'a number as text',
      `{"pickup":{"lat":"40","lon":0},"dropoff":${place}}`,
      422,
      'validation_failed'
    ],
    [
      'a place on another planet',
      `{"pickup":{"lat":9007199254740993,"lon":0},"dropoff":${place}}`,
      422,
      'outside_service_area'
    ]
  ])('of %s is refused', async (_, body, status, code) => {
    const reply = await post(body)
    expect([reply.status, reply.body['code']]).toEqual([status, code])
    expect(JSON.stringify(reply.body).length).toBeLessThan(4_000)
    expect(it.producer.records).toEqual([])
  })

  test('leaves the prototypes of everything else alone', async () => {
    await post('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test.each([
    ['2^53 + 1', '9007199254740993'],
    ['a fraction', '4.5'],
    ['minus zero', '-0'],
    ['a huge exponent', '1e400'],
    ['text', '"5"']
  ])('with a rating of %s is refused', async (_, rating) => {
    const rideId = it.ids.rideId({ customerId: 'c-1', idempotencyKey: 'k' })
    const reply = await it.post(`/rides/${rideId}/rating`, {
      as: rider,
      key: it.key(),
      body: `{"rating":${rating}}`
    })
    expect([reply.status, reply.body['code']]).toEqual([422, 'validation_failed'])
  })

  test('with a pair written as escapes is taken as the character it is', async () => {
    const token = '"quoteToken":"\\ud83d\\ude95"'
    expect((await post(`{"pickup":${place},"dropoff":${place},${token}}`)).status).toBe(202)
    expect(it.sent<'RideRequest'>('ride_requests')[0]?.value.quoteToken).toBe('🚕')
  })
})
