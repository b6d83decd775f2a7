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
import { testStateBackend } from '../support/state-backend-contract.ts'

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
  for (const task of tasks) for (const store of ['s', 't']) await state.clear(task, store)
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
    const base = { store: 's', puts: [], deletes: [], geoPuts: [], geoDeletes: [] }
    const geoPuts = [
      { key: 'near', lon: -73.98, lat: 40.75 },
      { key: 'far', lon: -73.8, lat: 40.9 }
    ]
    await state.apply(task, [{ ...base, from: 0n, to: 1n, geoPuts }], 1)
    const circle = { lon: -73.98, lat: 40.751, radiusMeters: 2_000, count: 10 }
    const search = async () =>
      (await redis.geosearch(storeGeoKey(task, 's'), circle)).map(({ member }) => member)
    expect(await search()).toEqual(['near'])
    await state.apply(task, [{ ...base, from: 1n, to: 2n, geoDeletes: ['near'] }], 2)
    expect(await search()).toEqual([])
  })
})
