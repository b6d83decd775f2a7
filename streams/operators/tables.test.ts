import { describe, expect, test } from 'vitest'
import { longFormat, stringFormat } from '../runtime/index.ts'
import {
  drive,
  numberResults,
  numbers,
  pairs,
  results,
  textResults,
  texts
} from './testing/program.ts'

describe('a table of a topic', () => {
  test('holds the newest value and forgets what a tombstone deletes', async () => {
    const driver = drive((builder) =>
      builder.table(numbers, { name: 'newest' }).toStream().to(numberResults)
    )
    await driver.pipe('numbers', 'a', 1, { timestampMs: 7 })
    await driver.pipe('numbers', 'b', 2)
    await driver.pipe('numbers', 'a', 3)
    await driver.pipe('numbers', 'b', null)
    await driver.pipe('numbers', 'never', null)
    expect(pairs(driver, numberResults)).toEqual([
      ['a', 1],
      ['b', 2],
      ['a', 3],
      ['b', null]
    ])
    expect(await driver.entries('probe', 'numbers', 'newest')).toEqual(
      new Map([['a', { value: 3, timestampMs: 0 }]])
    )
  })

  test('filters and maps entries, deleting what no longer holds', async () => {
    const driver = drive((builder) =>
      builder
        .table(numbers, { name: 'newest' })
        .filter((n) => n > 2)
        .mapValues((n) => `n${n}`)
        .toStream()
        .to(textResults)
    )
    for (const value of [1, 3, 4, 2, 1]) await driver.pipe('numbers', 'a', value)
    expect(pairs(driver, textResults)).toEqual([
      ['a', 'n3'],
      ['a', 'n4'],
      ['a', null]
    ])
  })

  test('is shared with a stream of the same topic, which sees no tombstones', async () => {
    const driver = drive((builder) => {
      builder.table(numbers, { name: 'newest' })
      builder.stream(numbers).to(numberResults)
    })
    await driver.pipe('numbers', 'a', 1)
    await driver.pipe('numbers', 'a', null)
    expect(pairs(driver, numberResults)).toEqual([['a', 1]])
    expect(driver.deadLetters('numbers')).toEqual([])
  })
})

test('toTable keeps the newest value of a stream, and null deletes through a repartition', async () => {
  const driver = drive((builder) =>
    builder
      .table(texts, { name: 'source' })
      .toStream()
      .selectKey((_, key) => `${key}!`)
      .repartition({ name: 'again', format: stringFormat })
      .toTable({ name: 'newest' })
      .toStream()
      .to(textResults)
  )
  await driver.pipe('texts', 'a', 'x', { timestampMs: 5 })
  await driver.pipe('texts', 'a', null, { timestampMs: 7 })
  expect(results(driver, textResults)).toEqual([
    ['a!', 'x', 5],
    ['a!', null, 7]
  ])
  expect(await driver.entries('probe', 'again', 'newest')).toEqual(new Map())
})

describe('an aggregate over a table', () => {
  const byCity = (cached: boolean) =>
    drive((builder) =>
      builder
        .table(texts, { name: 'riders' })
        .groupBy((city, rider) => ({ key: city, value: rider }), {
          name: 'by_city',
          format: stringFormat
        })
        .count({ name: 'per_city', cached })
        .toStream()
        .to(numberResults)
    )

  test('subtracts an entry as it was and adds it as it is', async () => {
    const driver = byCity(true)
    for (const [rider, city] of [
      ['r1', 'ny'],
      ['r2', 'ny'],
      ['r1', 'la'],
      ['r2', null]
    ] as const) {
      await driver.pipe('texts', rider, city)
    }
    expect(new Map(pairs(driver, numberResults) as [string, number][])).toEqual(
      new Map([
        ['ny', 0],
        ['la', 1]
      ])
    )
  })

  test('never shows an entry as gone that stays with its group', async () => {
    const driver = byCity(false)
    await driver.pipe('texts', 'r1', 'ny')
    await driver.pipe('texts', 'r1', 'ny')
    expect(pairs(driver, numberResults)).toEqual([
      ['ny', 1],
      ['ny', 1]
    ])
  })

  test('folds with adder and subtractor', async () => {
    const driver = drive((builder) =>
      builder
        .table(numbers, { name: 'fares' })
        .groupBy((fare) => ({ key: 'all', value: fare }), { name: 'all', format: longFormat })
        .aggregate({
          name: 'total',
          init: () => 0,
          add: (sum, fare) => sum + fare,
          subtract: (sum, fare) => sum - fare,
          format: longFormat
        })
        .toStream()
        .to(numberResults)
    )
    for (const [ride, fare] of [
      ['r1', 10],
      ['r2', 5],
      ['r1', 12]
    ] as const) {
      await driver.pipe('numbers', ride, fare)
    }
    expect(pairs(driver, numberResults).map(([, total]) => total)).toEqual([10, 15, 17])
  })
})

test('an aggregate held back forwards as old what it forwarded last', async () => {
  const driver = drive((builder) =>
    builder
      .stream(numbers)
      .groupByKey()
      .count({ name: 'counts' })
      .groupBy((count) => ({ key: 'all', value: count }), { name: 'all', format: longFormat })
      .aggregate({
        name: 'sum',
        init: () => 0,
        add: (sum, n) => sum + n,
        subtract: (sum, n) => sum - n,
        format: longFormat
      })
      .toStream()
      .to(numberResults)
  )
  for (let round = 0; round < 3; round += 1) {
    for (const key of ['a', 'a', 'b']) driver.append('numbers', key, 1)
    await driver.run()
  }
  expect(pairs(driver, numberResults).at(-1)).toEqual(['all', 9])
})
