/**
 * @module The keys of one case in Redis: copied, put back, removed, all at once, so that what a task
 * finds is a state that Redis really was in.
 */
import type { Redis } from '../../core/redis/index.ts'

export interface StateSnapshot {
  readonly values: readonly { readonly key: Buffer; readonly dump: Buffer }[]
}

const listKeys = "return redis.call('KEYS', ARGV[1])"
const dumpAll = `local found = {}
for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
  found[#found + 1] = key
  found[#found + 1] = redis.call('DUMP', key)
end
return found`
const replaceAll = `local keys = redis.call('KEYS', ARGV[1])
for _, key in ipairs(keys) do redis.call('UNLINK', key) end
for i = 2, #ARGV, 2 do redis.call('RESTORE', ARGV[i], 0, ARGV[i + 1]) end
return #keys`

/** Every key of an app's tasks. */
export async function keysOf(redis: Redis, app: string): Promise<string[]> {
  const keys = (await evaluate(redis, listKeys, [pattern(app)])) as Buffer[]
  return keys.map(String).sort()
}

export async function takeSnapshot(redis: Redis, app: string): Promise<StateSnapshot> {
  const flat = (await evaluate(redis, dumpAll, [pattern(app)])) as Buffer[]
  const values: { key: Buffer; dump: Buffer }[] = []
  for (let i = 0; i + 1 < flat.length; i += 2) {
    values.push({ key: flat[i] as Buffer, dump: flat[i + 1] as Buffer })
  }
  return { values }
}

/** Back to the snapshot. @returns keys there were before */
export async function putBack(redis: Redis, app: string, snapshot: StateSnapshot): Promise<number> {
  const flat = snapshot.values.flatMap(({ key, dump }) => [key, dump])
  return Number(await evaluate(redis, replaceAll, [pattern(app), ...flat]))
}

/** @returns keys there were */
export function wipe(redis: Redis, app: string): Promise<number> {
  return putBack(redis, app, { values: [] })
}

function pattern(app: string): string {
  return `hs:{${app}-*`
}

function evaluate(redis: Redis, source: string, args: (string | Buffer)[]): Promise<unknown> {
  return redis.client.callBuffer('EVAL', [source, 0, ...args])
}
