/**
 * @module The sinks' way to MongoDB: a start while it is away, and the port that writers use, whose
 * contract the collection in memory keeps too.
 */

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { silentLogger, systemClock } from '../../core/index.ts'
import { stackForTests } from '../../ops/stack/for-tests.ts'
import {
  CustomerModel,
  connectDatabase,
  type Database,
  HourlyRollupModel,
  RideModel
} from '../../sinks/models/index.ts'
import { type Collection, createMongoCollection } from '../../sinks/runtime/index.ts'
import { createFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'
import { createMemoryCollection } from '../support/memory-collection.ts'
import { waitFor } from '../support/wait-for.ts'

const name = `sinks_database_${randomUUID().slice(0, 8)}`
let proxy: FaultProxy
let database: Database

beforeAll(async () => {
  const { addresses } = await stackForTests()
  const mongo = new URL(addresses.mongo)
  proxy = await createFaultProxy({ host: mongo.hostname, port: Number(mongo.port || 27_017) })
  proxy.cut()
  const url = `mongodb://127.0.0.1:${proxy.port}/${name}?directConnection=true`
  database = await connectDatabase({ url, logger: silentLogger, clock: systemClock })
})

afterAll(async () => {
  await database?.connection.dropDatabase()
  await database?.close()
  await proxy?.close()
})

describe('a process that starts while MongoDB is away', () => {
  test('has a connection that is not usable yet', async () => {
    expect(database.isConnected()).toBe(false)
    await expect(database.ping()).rejects.toMatchObject({ code: 'HAIL_MONGO_UNAVAILABLE' })
    const indexes = database.ensureIndexes()
    await expect(indexes).rejects.toMatchObject({ code: 'HAIL_MONGO_UNAVAILABLE' })
    const collection = createMongoCollection(database, RideModel as never)
    const read = collection.read(['a'])
    await expect(read).rejects.toMatchObject({ code: 'HAIL_MONGO_UNAVAILABLE' })
  })

  test('is connected once MongoDB is back', async () => {
    proxy.heal()
    await waitFor('the connection', () => database.isConnected())
    await database.ping()
    await database.ensureIndexes()
    await database.ensureIndexes()
    const indexes = await CustomerModel.collection.indexes()
    expect(indexes.map((index) => index.name).toSorted()).toEqual([
      '_id_',
      'email_unique',
      'newest',
      'ssn_unique'
    ])
    expect(database.connection.name).toBe(name)
  })

  test('shares its connection with whoever connects again, until the last one closes', async () => {
    const url = `mongodb://127.0.0.1:${proxy.port}/${name}?directConnection=true`
    const other = await connectDatabase({ url, logger: silentLogger, clock: systemClock })
    expect(other.connection).toBe(database.connection)
    await other.close()
    await other.close()
    await database.ping()
  })
})

describe.each(['memory', 'mongo'] as const)('the collection port (%s)', (kind) => {
  const aCollection = (model: unknown, unique: readonly string[] = []): Collection =>
    kind === 'memory'
      ? createMemoryCollection({ unique })
      : createMongoCollection(database, model as never)

  test('inserts, refuses a second insert, and writes the others of the bulk', async () => {
    const collection = aCollection(RideModel)
    await collection.write([{ kind: 'insert', document: { _id: 'a', seq: 1 } }])
    const report = await collection.write([
      { kind: 'insert', document: { _id: 'b', seq: 1 } },
      { kind: 'insert', document: { _id: 'a', seq: 9 } },
      { kind: 'insert', document: { _id: 'c', seq: 1 } }
    ])
    expect(report).toEqual({ failures: new Map([[1, { kind: 'duplicate' }]]), replaced: 0 })
    const found = await collection.read(['a', 'b', 'c', 'd'], 'seq')
    expect(found.toSorted((x, y) => (x._id < y._id ? -1 : 1))).toEqual([
      { _id: 'a', seq: 1 },
      { _id: 'b', seq: 1 },
      { _id: 'c', seq: 1 }
    ])
    expect(await collection.read([])).toEqual([])
    expect(await collection.write([])).toEqual({ failures: new Map(), replaced: 0 })
  })

  test('replaces only where the guard matches, and counts those', async () => {
    const collection = aCollection(HourlyRollupModel)
    const insert = (_id: string) => ({ kind: 'insert', document: { _id, lastOffset: 5n } }) as const
    await collection.write([insert('x'), insert('y')])
    const replace = (_id: string, lastOffset: bigint) =>
      ({
        kind: 'replace',
        document: { _id, lastOffset: 9_007_199_254_740_993n },
        guard: { lastOffset }
      }) as const
    const report = await collection.write([replace('x', 5n), replace('y', 4n), replace('z', 5n)])
    expect(report).toEqual({ failures: new Map(), replaced: 1 })
    const again = await collection.write([replace('x', 9_007_199_254_740_993n)])
    expect(again.replaced).toBe(1)
  })

  test('reports a unique field as a duplicate, of inserts and of replaces', async () => {
    const collection = aCollection(CustomerModel, ['email', 'ssnKey'])
    const customer = (_id: string, email: string) => ({ _id, email, ssnKey: _id, version: 1 })
    const report = await collection.write([
      { kind: 'insert', document: customer('u1', 'one') },
      { kind: 'insert', document: customer('u2', 'one') },
      { kind: 'insert', document: customer('u3', 'three') }
    ])
    expect(report.failures).toEqual(new Map([[1, { kind: 'duplicate' }]]))
    const change = await collection.write([
      { kind: 'replace', document: customer('u3', 'one'), guard: { version: { $lt: 2 } } },
      { kind: 'replace', document: customer('u1', 'uno'), guard: { version: { $lt: 2 } } }
    ])
    expect(change.failures.get(0)).toEqual({ kind: 'duplicate' })
    expect(change.failures.size).toBe(1)
  })
})

test('a document that cannot be sent is the only one of its bulk that fails', async () => {
  const collection = createMongoCollection(database, RideModel as never)
  const endless: Record<string, unknown> = { _id: 'endless', seq: 1 }
  endless['self'] = endless
  const huge = { _id: 'huge', seq: 1, text: 'x'.repeat(17 * 1024 * 1024) }
  const good = Array.from({ length: 7 }, (_, index) => ({ _id: `good-${index}`, seq: 1 }))
  const documents = [...good.slice(0, 3), endless as { _id: string }, ...good.slice(3), huge]
  const report = await collection.write(documents.map((document) => ({ kind: 'insert', document })))
  expect([...report.failures].map(([index, { kind }]) => [index, kind])).toEqual([
    [3, 'data'],
    [8, 'data']
  ])
  const found = await collection.read(
    good.map(({ _id }) => _id),
    'seq'
  )
  expect(found).toHaveLength(7)
})
