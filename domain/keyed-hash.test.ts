import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createKeyedHash } from './keyed-hash.ts'

test('a keyed hash is the HMAC-SHA-256 of the text', () => {
  const secrets = fc.string({ unit: 'binary', minLength: 1, maxLength: 200 })
  const texts = fc.string({ unit: 'binary', maxLength: 9_000 })
  fc.assert(
    fc.property(secrets, fc.array(texts, { minLength: 1, maxLength: 4 }), (secret, list) => {
      const keyedHash = createKeyedHash(secret)
      for (const text of list) {
        expect(keyedHash(text)).toBe(createHmac('sha256', secret).update(text).digest('hex'))
      }
    })
  )
})
