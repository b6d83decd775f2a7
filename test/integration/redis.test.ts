/**
 * The Redis adapter against a real Redis.
 *
 * @module
 */

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { silentLogger } from '../../core/index.ts'
import { createRedis, type Redis, redisLimits } from '../../core/redis/index.ts'
import { stackForTests } from '../../ops/stack/for-tests.ts'

type Stack = Awaited<ReturnType<typeof stackForTests>>

const prefix = `test:${randomUUID()}`
const used = new Set<string>()
let stack: Stack
let redis: Redis

/** A key of this run, removed after it. */
function key(name: string): string {
  const full = `${prefix}:${name}`
  used.add(full)
  return full
}

async function fill(hash: string, entries: readonly (string | Buffer)[]): Promise<void> {
  for (let start = 0; start < entries.length; start += 2_000) {
    await redis.client.hset(hash, ...entries.slice(start, start + 2_000))
  }
}

beforeAll(async () => {
  stack = await stackForTests()
  redis = createRedis({ url: stack.addresses.redis, logger: silentLogger, name: 'redis-test' })
  // The raw client, which fills the fixtures, does not wait for a connection.
  await redis.ping()
}, 180_000)

afterAll(async () => {
  await redis?.del([...used])
  await redis?.close()
  await stack?.stop()
})

describe('hashes', () => {
  test('give binary values back byte by byte, in the order asked', async () => {
    const hash = key('binary')
    const bytes = Buffer.from([0, 255, 128, 13, 10, 0])
    await fill(hash, ['a', bytes, '\u0000pos', '42'])
    expect(await redis.hmget(hash, ['\u0000pos', 'missing', 'a'])).toEqual([
      Buffer.from('42'),
      null,
      bytes
    ])
    expect(await redis.hget(hash, 'a')).toEqual(bytes)
    expect(await redis.hget(key('absent'), 'a')).toBeNull()
    expect(await redis.hlen(hash)).toBe(2)
    expect(await redis.hmget(hash, [])).toEqual([])
  })

  test('are read many at a time across pipelines, aligned with what was asked', async () => {
    const hashes = Array.from({ length: redisLimits.pipelineCommandsMax + 7 }, (_, index) => index)
    const pipeline = redis.client.pipeline()
    for (const index of hashes) pipeline.hset(key(`many:${index}`), 'v', index)
    await pipeline.exec()
    const values = await redis.hmgetMany(
      hashes.map((index) => ({
        key: key(`many:${index}`),
        fields: index === 3 ? [] : ['v', 'w']
      }))
    )
    expect(values).toEqual(
      hashes.map((index) => (index === 3 ? [] : [Buffer.from(String(index)), null]))
    )
  })

  test('are scanned completely, page by page', async () => {
    const hash = key('scan')
    const count = 5_000
    const entries = Array.from({ length: count }, (_, index) => [`f${index}`, `v${index}`]).flat()
    await fill(hash, entries)
    const seen = new Map<string, string>()
    let pages = 0
    for await (const page of redis.hscanAll(hash)) {
      pages += 1
      for (const [field, value] of page) seen.set(field, value.toString())
    }
    expect(seen.size).toBe(count)
    expect(seen.get('f4999')).toBe('v4999')
    expect(pages).toBeGreaterThan(1)
    for await (const page of redis.hscanAll(key('absent'))) expect(page).toEqual([])
  })
})

test('a GEO search gives the nearest first, within the radius and count', async () => {
  const index = key('geo')
  await redis.client.geoadd(index, -73.98, 40.75, 'near', -73.99, 40.76, 'far', -74.5, 41, 'away')
  const circle = { lon: -73.98, lat: 40.75, radiusMeters: 3_000, count: 10 }
  const found = await redis.geosearch(index, circle)
  expect(found.map(({ member }) => member)).toEqual(['near', 'far'])
  expect(found[1]?.distanceMeters).toBeGreaterThan(1_000)
  expect(found[1]?.lon).toBeCloseTo(-73.99, 4)
  expect(found[1]?.lat).toBeCloseTo(40.76, 4)
  expect(await redis.geosearch(index, { ...circle, count: 1 })).toHaveLength(1)
  expect(await redis.geosearch(key('absent'), circle)).toEqual([])
})

describe('scripts', () => {
  const source = `-- ${prefix}
    redis.call('HSET', KEYS[1], 'v', ARGV[1])
    return { tonumber(ARGV[2]), redis.call('HGET', KEYS[1], 'v') }`

  test('run at their first call and after Redis forgot them, with binary arguments', async () => {
    const script = redis.script({ name: 'put', source, keys: 1 })
    const bytes = Buffer.from([0, 200, 255])
    expect(await script([key('script')], [bytes, 3])).toEqual([3, bytes])
    expect(await script([key('script')], ['x', 4])).toEqual([4, Buffer.from('x')])
  })

  test('that fail half-way leave what they wrote and are corrupt', async () => {
    const failing = `${source.replace('return', 'redis.call("LPUSH", KEYS[1], 1) return')}`
    const script = redis.script({ name: 'fails', source: failing, keys: 1 })
    await expect(script([key('half')], ['written', 1])).rejects.toMatchObject({
      code: 'HAIL_REDIS_SCRIPT',
      reaction: 'corrupt'
    })
    expect(await redis.hget(key('half'), 'v')).toEqual(Buffer.from('written'))
  })
})

describe('plain keys', () => {
  test('are set with and without a life, counted in a window, and removed', async () => {
    await redis.set(key('plain'), 'v')
    await redis.set(key('timed'), Buffer.from([1]), { ttlMs: 60_000 })
    expect(await redis.get(key('plain'))).toEqual(Buffer.from('v'))
    expect(await redis.client.pttl(key('plain'))).toBe(-1)
    expect(await redis.client.pttl(key('timed'))).toBeGreaterThan(0)
    expect(await redis.incr(key('count'), { ttlMs: 60_000 })).toBe(1)
    const lifeMs = await redis.client.pttl(key('count'))
    expect(await redis.incr(key('count'), { ttlMs: 600_000 })).toBe(2)
    expect(await redis.client.pttl(key('count'))).toBeLessThanOrEqual(lifeMs)
    expect(await redis.del([key('plain'), key('timed'), key('never')])).toBe(2)
    expect(await redis.del([])).toBe(0)
  })
})

test('the connection tells its readiness and the policy of the stack is noeviction', async () => {
  expect(await redis.ping()).toBeGreaterThan(0)
  expect(redis.isReady()).toBe(true)
  await redis.requireNoEviction()
})
