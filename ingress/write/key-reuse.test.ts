import { LRUCache } from 'lru-cache'
import { expect, test } from 'vitest'
import { refuseReusedKey, rememberBody } from './key-reuse.ts'

test('of two bodies sent at once under one key the one acknowledged first is taken again', () => {
  const bodyHashById = new LRUCache<string, string>({ max: 10 })
  for (const hash of ['first', 'second']) refuseReusedKey(bodyHashById, 'ride', hash)
  for (const hash of ['first', 'second']) rememberBody(bodyHashById, 'ride', hash)
  refuseReusedKey(bodyHashById, 'ride', 'first')
  expect(() => refuseReusedKey(bodyHashById, 'ride', 'second')).toThrow(
    expect.objectContaining({ code: 'idempotency_key_reused' })
  )
})
