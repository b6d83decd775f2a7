/**
 * @module The state backend on a real Redis keeps to the same contract as the one in memory; and its
 * geographic index follows the store.
 */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { silentLogger } from '../../core/index.ts'
import { createRedis, type Redis } from '../../core/redis/index.ts'
import { stackForTests } from '../../ops/stack/for-tests.ts'
import { createRedisState, storeGeoKey } from '../../streams/runtime/index.ts'
import { aChange, aWindowChange, testStateBackend } from '../support/state-backend-contract.ts'

const run = randomUUID()
const tasks: string[] = []
let redis: Redis
let stop: () => Promise<void>

beforeAll(async () => {
  const stack = await stackForTests()
  stop = stack.stop
  redis = createRedis({ url: stack.addresses.redis, logger: silentLogger, name: 'state-test' })
}, 180_000)

afterAll(async () => {
  const state = createRedisState(redis)
  for (const task of tasks) for (const store of ['s', 't', 'w']) await state.clear(task, store)
  await redis.close()
  await stop()
})

function aTask(): string {
  const task = `test-${run}-${tasks.length}`
  tasks.push(task)
  return task
}

describe('the state backend on Redis', () => {
  testStateBackend(() => ({ backend: createRedisState(redis), task: aTask() }))

  test('finds members by place until they leave the index', async () => {
    const task = aTask()
    const state = createRedisState(redis)
    const geoPuts = [
      { key: 'near', lon: -73.98, lat: 40.75 },
      { key: 'far', lon: -73.8, lat: 40.9 }
    ]
    await state.apply(task, [aChange(0n, 1n, { geoPuts })], 1)
    const circle = { lon: -73.98, lat: 40.751, radiusMeters: 2_000, count: 10 }
    const search = async () =>
      (await redis.geosearch(storeGeoKey(task, 's'), circle)).map(({ member }) => member)
    expect(await search()).toEqual(['near'])
    await state.apply(task, [aChange(1n, 2n, { geoDeletes: ['near'] })], 2)
    expect(await search()).toEqual([])
  })

  test('lets one of two writers from the same position finish, however their calls interleave', async () => {
    const task = aTask()
    const state = createRedisState(redis)
    const puts = (value: string) =>
      Array.from({ length: 12_000 }, (_, i) => [`k${i}`, Buffer.from(value)] as const)
    const writers = [
      { value: 'old', to: 5_000n },
      { value: 'new', to: 9_000n }
    ]
    const results = await Promise.all(
      writers.map(({ value, to }) =>
        createRedisState(redis).apply(task, [aChange(0n, to, { puts: puts(value) })], 1)
      )
    )
    const won = results.findIndex(({ applied }) => applied)
    expect(results.filter(({ applied }) => applied)).toHaveLength(1)
    const keys = Array.from({ length: 12_000 }, (_, i) => `k${i}`)
    const [read] = await state.read(task, [{ store: 's', segmented: false, keys }])
    expect(read?.position).toBe(writers[won]?.to)
    expect(new Set(read?.values.map(String))).toEqual(new Set([writers[won]?.value]))
  })

  test('keeps each segment in a hash of its own and leaves nothing behind', async () => {
    const task = aTask()
    const state = createRedisState(redis)
    const keys = async (): Promise<string[]> => (await redis.client.keys(`hs:{${task}}*`)).sort()
    const puts = [
      ['0|a', Buffer.from('1')],
      ['60|b', Buffer.from('2')]
    ] as const
    await state.apply(task, [aWindowChange(0n, 1n, { puts })], 1)
    expect(await keys()).toEqual([`hs:{${task}}:w`, `hs:{${task}}:w@0`, `hs:{${task}}:w@60`])
    expect(await redis.client.hkeys(`hs:{${task}}:w@60`)).toEqual(['b'])
    await state.apply(task, [aWindowChange(1n, 2n, { drops: [0] })], 1)
    expect(await keys()).toEqual([`hs:{${task}}:w`, `hs:{${task}}:w@60`])
    await state.clear(task, 'w')
    expect(await keys()).toEqual([])
  })

  test('notices the loss of everything although the segment was read before', async () => {
    const task = aTask()
    const state = createRedisState(redis)
    const puts = [['0|a', Buffer.from('1')]] as const
    await state.apply(task, [aWindowChange(0n, 5n, { puts })], 1)
    await redis.del([`hs:{${task}}:w`])
    const [read] = await state.read(task, [{ store: 'w', segmented: true, keys: ['0|a'] }])
    expect(read?.position).toBe(0n)
  })

  test('moves no position before the last of several calls', async () => {
    const task = aTask()
    const state = createRedisState(redis)
    const puts = Array.from({ length: 5_500 }, (_, i) => [`k${i}`, Buffer.from('v')] as const)
    // GEOADD refuses a latitude of 99 in the second call, after the first has written its fields.
    const geoPuts = [{ key: 'nowhere', lon: 0, lat: 99 }]
    const broken = state.apply(task, [aChange(0n, 5n, { puts, geoPuts })], 1)
    await expect(broken).rejects.toMatchObject({ code: 'HAIL_REDIS_SCRIPT' })
    expect((await state.position(task, 's')).position).toBe(0n)
    expect(await state.apply(task, [aChange(0n, 5n, { puts })], 1)).toEqual({ applied: true })
    expect((await state.position(task, 's')).position).toBe(5n)
  })
})
