/**
 * One idempotency key sent with two bodies. The services decide this for good, by the body hash that
 * a record carries; the edge remembers what it accepted lately and so can say it at once.
 *
 * @module
 */
import type { LRUCache } from 'lru-cache'
import { Problem } from '../http/index.ts'

/** Refuses a body that differs from the one accepted under the same derived id. */
export const refuseReusedKey = (
  bodyHashById: LRUCache<string, string>,
  id: string,
  bodyHash: string
): void => {
  const before = bodyHashById.get(id)
  if (before !== undefined && before !== bodyHash) throw new Problem('idempotency_key_reused')
}

/**
 * Remembers the body that was acknowledged. Of two that were sent at once under one key the first is the one
 * that counts, as it comes first in the topic too.
 */
export const rememberBody = (
  bodyHashById: LRUCache<string, string>,
  id: string,
  bodyHash: string
): void => {
  if (!bodyHashById.has(id)) bodyHashById.set(id, bodyHash)
}
