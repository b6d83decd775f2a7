import { describe, expect, test } from 'vitest'
import { stringFormat, type TopicSpec } from '../../runtime/index.ts'
import { createStreamsBuilder } from '../index.ts'
import { drive, numbers, results, textResults } from '../testing/program.ts'

/** Of other partitions than the stream: a global table need not be co-partitioned. */
const cities: TopicSpec<string> = { name: 'cities', partitions: 3, format: stringFormat }

function joined(kind: 'inner' | 'left', entriesMax?: number) {
  return drive((builder) => {
    const table = builder.globalTable(cities, {
      name: 'cities',
      ...(entriesMax !== undefined && { entriesMax })
    })
    const stream = builder.stream(numbers)
    const key = (value: number): string | null => (value === 0 ? null : `c${value}`)
    const result =
      kind === 'inner'
        ? stream.joinGlobal(table, { key, join: (value, city) => `${value} ${city}` })
        : stream.leftJoinGlobal(table, { key, join: (value, city) => `${value} ${city ?? '-'}` })
    result.to(textResults)
  })
}

describe('a join with a global table', () => {
  test('looks up any key, in whichever partition it is', async () => {
    const driver = joined('inner')
    for (const n of [1, 2, 3, 4])
      driver.append(cities.name, `c${n}`, `city ${n}`, { timestampMs: 1 })
    for (const n of [1, 2, 3, 4, 5, 0]) await driver.pipe(numbers.name, 'r', n, { timestampMs: n })
    expect(results(driver, textResults)).toEqual([
      ['r', '1 city 1', 1],
      ['r', '2 city 2', 2],
      ['r', '3 city 3', 3],
      ['r', '4 city 4', 4]
    ])
  })

  test('gives null for a missing key when it is a left join, and follows changes and deletions', async () => {
    const driver = joined('left')
    await driver.pipe(numbers.name, 'r', 1, { timestampMs: 1 })
    await driver.pipe(cities.name, 'c1', 'York')
    await driver.pipe(numbers.name, 'r', 1, { timestampMs: 2 })
    await driver.pipe(cities.name, 'c1', 'New York')
    await driver.restart()
    await driver.pipe(numbers.name, 'r', 1, { timestampMs: 3 })
    await driver.pipe(cities.name, 'c1', null)
    await driver.pipe(numbers.name, 'r', 1, { timestampMs: 4 })
    expect(results(driver, textResults).map(([, value]) => value)).toEqual([
      '1 -',
      '1 York',
      '1 New York',
      '1 -'
    ])
  })

  test('stops when the table holds more entries than it may', async () => {
    const driver = joined('inner', 2)
    await driver.pipe(cities.name, 'c1', 'a')
    await driver.pipe(cities.name, 'c2', 'b')
    await driver.pipe(cities.name, 'c2', null)
    await driver.pipe(cities.name, 'c3', 'c')
    await expect(driver.pipe(cities.name, 'c4', 'd')).rejects.toThrow('expected at most 2 entries')
  })

  test('refuses a table of another builder', () => {
    const other = createStreamsBuilder({ app: 'other', commitIntervalMs: 100 })
    const table = other.globalTable(cities, { name: 'cities' })
    expect(() =>
      drive((builder) => {
        const options = { key: () => 'x', join: () => 1 }
        builder.stream(numbers).joinGlobal(table, options)
      })
    ).toThrow('expected a global table of this builder')
  })
})
