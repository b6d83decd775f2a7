import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TopologyDriver } from '../../../test/support/index.ts'
import { jsonFormat, stringFormat, type TopicSpec } from '../../runtime/index.ts'
import { createStreamsBuilder } from '../index.ts'
import { drive, results, textResults, texts } from '../testing/program.ts'

interface Ride {
  readonly driver: string | null
  readonly fare: number
}

const rides: TopicSpec<Ride> = { name: 'rides', partitions: 3, format: jsonFormat('ride') }
const drivers: TopicSpec<string> = { ...texts, name: 'drivers', partitions: 2 }
const shown: TopicSpec<string> = { ...textResults, partitions: 1 }

function joined(kind: 'inner' | 'left', options: Parameters<typeof drive>[1] = {}) {
  return drive((builder) => {
    const left = builder.table(rides, { name: 'rides_table' })
    const right = builder.table(drivers, { name: 'drivers_table' })
    const rest = {
      name: 'driven',
      foreignKey: ({ driver }: Ride) => driver,
      join: ({ fare }: Ride, driver: string | null) => `${fare} by ${driver ?? '-'}`,
      subscribersMax: 64
    }
    const table = kind === 'inner' ? left.join(right, rest) : left.leftJoin(right, rest)
    table.toStream().to(shown)
  }, options)
}

const ride = (driver: TopologyDriver, key: string, value: Ride | null, timestampMs: number) =>
  driver.pipe(rides.name, key, value, { timestampMs })

describe('a join by foreign key', () => {
  test('joins each left entry with the right one that it names, and follows both', async () => {
    const driver = joined('inner')
    await ride(driver, 'r1', { driver: 'd1', fare: 5 }, 10)
    expect(results(driver, shown)).toEqual([])
    await driver.pipe(drivers.name, 'd1', 'Ann', { timestampMs: 20 })
    await ride(driver, 'r2', { driver: 'd1', fare: 7 }, 15)
    expect(results(driver, shown)).toEqual([
      ['r1', '5 by Ann', 20],
      ['r2', '7 by Ann', 20]
    ])
    await driver.pipe(drivers.name, 'd1', 'Bob', { timestampMs: 30 })
    expect(results(driver, shown).toSorted()).toEqual([
      ['r1', '5 by Bob', 30],
      ['r2', '7 by Bob', 30]
    ])
    await ride(driver, 'r1', { driver: 'd1', fare: 6 }, 40)
    expect(results(driver, shown)).toEqual([['r1', '6 by Bob', 40]])
    await driver.pipe(drivers.name, 'd1', null, { timestampMs: 50 })
    expect(results(driver, shown).toSorted()).toEqual([
      ['r1', null, 50],
      ['r2', null, 50]
    ])
  })

  test('gives null for a right entry that is missing when it is a left join', async () => {
    const driver = joined('left')
    await ride(driver, 'r1', { driver: 'd1', fare: 5 }, 10)
    await ride(driver, 'r2', { driver: null, fare: 7 }, 10)
    await driver.pipe(drivers.name, 'd1', 'Ann', { timestampMs: 20 })
    await driver.pipe(drivers.name, 'd1', null, { timestampMs: 30 })
    expect(results(driver, shown)).toEqual([
      ['r1', '5 by -', 10],
      ['r2', '7 by -', 10],
      ['r1', '5 by Ann', 20],
      ['r1', '5 by -', 30]
    ])
  })

  test('keeps the result until a new foreign key is answered, and hears no more of the old one', async () => {
    const driver = joined('inner')
    await driver.pipe(drivers.name, 'd1', 'Ann', { timestampMs: 1 })
    await driver.pipe(drivers.name, 'd2', 'Bob', { timestampMs: 1 })
    await ride(driver, 'r1', { driver: 'd1', fare: 5 }, 10)
    await ride(driver, 'r1', { driver: 'd2', fare: 5 }, 20)
    await driver.pipe(drivers.name, 'd1', 'Zoe', { timestampMs: 30 })
    expect(results(driver, shown)).toEqual([
      ['r1', '5 by Ann', 10],
      ['r1', '5 by Bob', 20]
    ])
    await ride(driver, 'r1', { driver: 'd9', fare: 5 }, 40)
    expect(results(driver, shown)).toEqual([['r1', null, 40]])
  })

  test('deletes the result with the left entry at once and forgets the subscription', async () => {
    const driver = joined('inner')
    await driver.pipe(drivers.name, 'd1', 'Ann', { timestampMs: 1 })
    await ride(driver, 'r1', { driver: 'd1', fare: 5 }, 10)
    await ride(driver, 'r1', null, 20)
    await driver.pipe(drivers.name, 'd1', 'Bob', { timestampMs: 30 })
    expect(results(driver, shown)).toEqual([
      ['r1', '5 by Ann', 10],
      ['r1', null, 20]
    ])
    expect((await driver.entries('probe', 'drivers', 'driven_subscribers')).size).toBe(0)
    expect((await driver.entries('probe', 'rides', 'driven')).size).toBe(0)
  })

  test('drops an answer for a foreign key that the entry no longer has', async () => {
    const driver = joined('inner')
    await driver.pipe(drivers.name, 'd1', 'Ann', { timestampMs: 1 })
    driver.append(rides.name, 'r1', { driver: 'd1', fare: 5 }, { timestampMs: 10 })
    driver.append(rides.name, 'r1', { driver: 'd2', fare: 5 }, { timestampMs: 11 })
    await driver.run()
    expect(results(driver, shown)).toEqual([])
    expect(driver.counts.get('probe/driven|stale')).toBe(1)
  })

  test('dead-letters a subscription beyond the bound', async () => {
    const driver = joined('inner')
    for (let n = 0; n < 100; n += 1) {
      driver.append(rides.name, `r${n}`, { driver: 'd1', fare: n }, { timestampMs: n })
    }
    await driver.run()
    const letters = driver.deadLetters('probe-driven-subscription').length
    await driver.pipe(drivers.name, 'd1', 'Ann', { timestampMs: 200 })
    expect(letters).toBeGreaterThan(0)
    expect(results(driver, shown)).toHaveLength(100 - letters)
  })

  test('is two sub-topologies with two internal topics between them', () => {
    const builder = createStreamsBuilder({ app: 'probe', commitIntervalMs: 100 })
    const left = builder.table(rides, { name: 'rides_table' })
    const right = builder.table(drivers, { name: 'drivers_table' })
    const options = {
      name: 'driven',
      foreignKey: (value: Ride) => value.driver,
      join: (value: Ride, other: string) => `${value.fare} ${other}`
    }
    left.join(right, options).toStream().to(shown)
    expect(
      builder.build().map(({ name, sources, partitions }) => [name, sources, partitions])
    ).toEqual([
      ['rides', ['rides', 'probe-driven-response'], 3],
      ['drivers', ['drivers', 'probe-driven-subscription'], 2]
    ])
  })
})

const change = fc.oneof(
  fc.record({
    topic: fc.constant('rides' as const),
    key: fc.constantFrom('r1', 'r2', 'r3'),
    value: fc.option(fc.record({ driver: fc.constantFrom('d1', 'd2', null), fare: fc.nat(9) }), {
      nil: null
    })
  }),
  fc.record({
    topic: fc.constant('drivers' as const),
    key: fc.constantFrom('d1', 'd2'),
    value: fc.option(fc.constantFrom('Ann', 'Bob', 'Zoe'), { nil: null })
  })
)

test('the newest results are those of two maps, under any split, order and restart', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(change, fc.constantFrom('none', 'run', 'restart')), { maxLength: 25 }),
      fc.constantFrom('inner', 'left' as const),
      fc.constantFrom(1, 3, 100),
      fc.nat(1_000),
      async (input, kind, commitEveryRecords, seed) => {
        const driver = joined(kind as 'inner' | 'left', { commitEveryRecords, seed })
        const newestRides = new Map<string, Ride>()
        const newestDrivers = new Map<string, string>()
        const set = <V>(map: Map<string, V>, key: string, value: V | null): void => {
          if (value === null) map.delete(key)
          else map.set(key, value)
        }
        for (const [index, [one, next]] of input.entries()) {
          driver.append(one.topic, one.key, one.value, { timestampMs: index })
          if (one.topic === 'rides') set(newestRides, one.key, one.value)
          else set(newestDrivers, one.key, one.value)
          if (next !== 'none') await driver.run()
          if (next === 'restart') await driver.restart()
        }
        await driver.run()
        const newest = new Map(results(driver, shown).map(([key, value]) => [key, value]))
        for (const key of ['r1', 'r2', 'r3']) {
          const left = newestRides.get(key)
          const name = left?.driver ? (newestDrivers.get(left.driver) ?? null) : null
          const isThere = left !== undefined && (kind === 'left' || name !== null)
          expect(newest.get(key) ?? null).toBe(isThere ? `${left.fare} by ${name ?? '-'}` : null)
        }
        expect(driver.deadLetters('rides')).toEqual([])
      }
    ),
    { numRuns: 120 }
  )
})

test('what it keeps and sends is read as it was written', async () => {
  const { answerFormat, foreignRowFormat, subscribersFormat } = await import(
    './foreign-key-formats.ts'
  )
  const { createLocalCodec } = await import('../../../avro/index.ts')
  const codec = createLocalCodec()
  const rows = foreignRowFormat(stringFormat, stringFormat)
  const entry = { value: fc.string(), timestampMs: fc.integer() }
  const row = fc.record({
    shown: fc.option(
      fc.record({
        ...entry,
        foreignKey: fc.option(fc.string(), { nil: null }),
        right: fc.option(fc.string(), { nil: null }),
        rightTimestampMs: fc.integer()
      }),
      { nil: null }
    ),
    pending: fc.option(fc.record({ ...entry, foreignKey: fc.string() }), { nil: null })
  })
  fc.assert(
    fc.property(row, fc.dictionary(fc.string(), fc.nat(63)), (one, partitions) => {
      expect(rows.decode(rows.encode(one, codec), codec)).toEqual(one)
      const subscribers = new Map(Object.entries(partitions))
      const bytes = subscribersFormat.encode(subscribers, codec)
      expect(subscribersFormat.decode(bytes, codec)).toEqual(subscribers)
      const answer = { foreignKey: 'f', right: one.shown?.right ?? null }
      const answers = answerFormat(stringFormat)
      expect(answers.decode(answers.encode(answer, codec), codec)).toEqual(answer)
    })
  )
})
