/**
 * Calls a Lua script by its SHA-1, sending the source only when Redis does not know it: after a
 * restart, a failover or SCRIPT FLUSH.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import type { Redis as IoRedis } from 'ioredis'
import { assertThat } from '../errors.ts'
import type { Script } from './redis.ts'
import { replyCode } from './redis-errors.ts'
import type { ScriptDefinition } from './script.ts'

/** A caller that throws the errors of ioredis as they are. */
export function createScriptCaller(client: IoRedis, definition: ScriptDefinition): Script {
  const { name, source, keys: expected } = definition
  const sha = createHash('sha1').update(source).digest('hex')
  return async (keys, args) => {
    assertThat(
      expected === null || keys.length === expected,
      `script ${name} takes ${expected} keys, got ${keys.length}`
    )
    try {
      return await client.callBuffer('EVALSHA', [sha, keys.length, ...keys, ...args])
    } catch (error) {
      if (replyCode(error) !== 'NOSCRIPT') throw error
      return client.callBuffer('EVAL', [source, keys.length, ...keys, ...args])
    }
  }
}
