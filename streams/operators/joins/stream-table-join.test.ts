import { describe, expect, test } from 'vitest'
import { createStreamsBuilder, type StreamsBuilder } from '../index.ts'
import { drive, numbers, results, textResults, texts } from '../testing/program.ts'

const history = { retentionMs: 100 }
const text = (n: number, value: string | null): string => `${n}${value ?? '-'}`

describe('a join of a stream with a table', () => {
  const joined = (kind: 'inner' | 'left') =>
    drive((builder) => {
      const table = builder.table(texts, { name: 'names' })
      const stream = builder.stream(numbers)
      const result =
        kind === 'inner'
          ? stream.join(table, { join: text })
          : stream.leftJoin(table, { join: text })
      result.to(textResults)
    })

  test('looks each record up as the table is then; a change of the table makes nothing', async () => {
    const driver = joined('inner')
    await driver.pipe(numbers.name, 'a', 1, { timestampMs: 1 })
    await driver.pipe(texts.name, 'a', 'x', { timestampMs: 2 })
    await driver.pipe(numbers.name, 'a', 2, { timestampMs: 3 })
    await driver.pipe(numbers.name, 'b', 3, { timestampMs: 4 })
    await driver.pipe(texts.name, 'a', null, { timestampMs: 5 })
    await driver.pipe(numbers.name, 'a', 4, { timestampMs: 6 })
    expect(results(driver, textResults)).toEqual([['a', '2x', 3]])
  })

  test('gives null for a key that the table does not have when it is a left join', async () => {
    const driver = joined('left')
    await driver.pipe(numbers.name, 'a', 1, { timestampMs: 1 })
    await driver.pipe(texts.name, 'a', 'x', { timestampMs: 2 })
    await driver.pipe(numbers.name, 'a', 2, { timestampMs: 3 })
    expect(results(driver, textResults)).toEqual([
      ['a', '1-', 1],
      ['a', '2x', 3]
    ])
  })

  test('looks into what operators make of a table', async () => {
    const driver = drive((builder) => {
      const table = builder
        .table(texts, { name: 'names' })
        .filter((value) => value !== 'hidden')
        .mapValues((value) => value.toUpperCase())
      builder.stream(numbers).leftJoin(table, { join: text }).to(textResults)
    })
    await driver.pipe(texts.name, 'a', 'x', { timestampMs: 1 })
    await driver.pipe(texts.name, 'b', 'hidden', { timestampMs: 1 })
    await driver.pipe(numbers.name, 'a', 1, { timestampMs: 2 })
    await driver.pipe(numbers.name, 'b', 2, { timestampMs: 2 })
    expect(results(driver, textResults).map(([, value]) => value)).toEqual(['1X', '2-'])
  })

  test('handles what both sides have at hand in the order of the timestamps', async () => {
    const driver = joined('left')
    driver.append(numbers.name, 'a', 1, { timestampMs: 10 })
    driver.append(texts.name, 'a', 'x', { timestampMs: 5 })
    driver.append(texts.name, 'a', 'y', { timestampMs: 15 })
    driver.append(numbers.name, 'a', 2, { timestampMs: 20 })
    await driver.run()
    expect(results(driver, textResults).map(([, value]) => value)).toEqual(['1x', '2y'])
  })

  test('finds the table again after a restart', async () => {
    const driver = joined('inner')
    await driver.pipe(texts.name, 'a', 'x', { timestampMs: 1 })
    await driver.restart()
    await driver.pipe(numbers.name, 'a', 1, { timestampMs: 2 })
    expect(results(driver, textResults)).toEqual([['a', '1x', 2]])
  })
})

describe('an as-of join', () => {
  const joined = (options: { graceMs?: number } = {}, startMs = 0) =>
    drive(
      (builder) => {
        const table = builder.table(texts, { name: 'names', history })
        const { graceMs } = options
        const asOf = graceMs === undefined ? true : { name: 'waiting', graceMs, rowsMax: 2 }
        builder.stream(numbers).leftJoin(table, { join: text, asOf }).to(textResults)
      },
      { startMs }
    )

  test('finds the value that was valid at the time of the record', async () => {
    const driver = joined()
    await driver.pipe(texts.name, 'a', 'x', { timestampMs: 10 })
    await driver.pipe(texts.name, 'a', 'y', { timestampMs: 20 })
    await driver.pipe(texts.name, 'a', null, { timestampMs: 30 })
    for (const [n, timestampMs] of [9, 10, 19, 20, 29, 30, 31].entries()) {
      await driver.pipe(numbers.name, 'a', n, { timestampMs })
    }
    expect(results(driver, textResults).map(([, value]) => value)).toEqual([
      '0-',
      '1x',
      '2x',
      '3y',
      '4y',
      '5-',
      '6-'
    ])
  })

  test('puts a change out of order in its place', async () => {
    const driver = joined()
    await driver.pipe(texts.name, 'a', 'x', { timestampMs: 10 })
    await driver.pipe(texts.name, 'a', 'z', { timestampMs: 30 })
    await driver.pipe(texts.name, 'a', 'y', { timestampMs: 20 })
    await driver.restart()
    await driver.pipe(numbers.name, 'a', 1, { timestampMs: 25 })
    await driver.pipe(numbers.name, 'a', 2, { timestampMs: 30 })
    expect(results(driver, textResults).map(([, value]) => value)).toEqual(['1y', '2z'])
    expect(driver.counts.get('probe/names|out_of_order')).toBe(1)
  })

  test('finds nothing from before the retention', async () => {
    const driver = joined()
    await driver.pipe(texts.name, 'a', 'x', { timestampMs: 10 })
    await driver.pipe(texts.name, 'a', 'y', { timestampMs: 30 })
    await driver.pipe(numbers.name, 'b', 0, { timestampMs: 131 })
    await driver.pipe(numbers.name, 'a', 1, { timestampMs: 30 })
    await driver.pipe(numbers.name, 'a', 2, { timestampMs: 31 })
    await driver.pipe(texts.name, 'a', 'w', { timestampMs: 29 })
    expect(results(driver, textResults).map(([, value]) => value)).toEqual(['0-', '1-', '2y'])
    expect(driver.counts.get('probe/names|expired')).toBe(1)
  })

  test('waits for the grace, so that a later change from before the record counts', async () => {
    const driver = joined({ graceMs: 10 }, 100)
    await driver.pipe(texts.name, 'a', 'x', { timestampMs: 90 })
    await driver.pipe(numbers.name, 'a', 2, { timestampMs: 99 })
    await driver.pipe(numbers.name, 'a', 1, { timestampMs: 95 })
    await driver.restart()
    await driver.pipe(texts.name, 'a', 'y', { timestampMs: 97 })
    expect(results(driver, textResults)).toEqual([])
    await driver.advance(5)
    expect(results(driver, textResults)).toEqual([['a', '1x', 95]])
    await driver.advance(10)
    expect(results(driver, textResults)).toEqual([['a', '2y', 99]])
    await driver.pipe(numbers.name, 'a', 3, { timestampMs: 96 })
    expect(results(driver, textResults)).toEqual([['a', '3x', 96]])
    expect((await driver.entries('probe', 'texts', 'waiting')).size).toBe(0)
  })

  test('lets those that wait leave in the order of their times', async () => {
    const driver = joined({ graceMs: 10 }, 100)
    driver.append(numbers.name, 'a', 2, { timestampMs: 100 })
    driver.append(numbers.name, 'a', 1, { timestampMs: 98 })
    await driver.run()
    await driver.setWall(200)
    await driver.run()
    expect(results(driver, textResults).map(([, value]) => value)).toEqual(['1-', '2-'])
  })

  test('dead-letters a record beyond those that may wait', async () => {
    const driver = joined({ graceMs: 10 }, 100)
    for (const n of [1, 2, 3]) await driver.pipe(numbers.name, 'a', n, { timestampMs: 100 })
    expect(driver.deadLetters(numbers.name)).toHaveLength(1)
    await driver.advance(20)
    expect(results(driver, textResults).map(([, value]) => value)).toEqual(['1-', '2-'])
  })
})

describe('the wiring of a join with a table', () => {
  const build = (make: (builder: StreamsBuilder) => void) => () => {
    make(createStreamsBuilder({ app: 'probe', commitIntervalMs: 100 }))
  }

  test('refuses an as-of join with a table that keeps no history, or too little', () => {
    expect(
      build((builder) => {
        const table = builder.table(texts, { name: 'names' })
        builder.stream(numbers).join(table, { join: text, asOf: true })
      })
    ).toThrow('expected a table with earlier versions')
    expect(
      build((builder) => {
        const table = builder.table(texts, { name: 'names', history })
        const asOf = { name: 'waiting', graceMs: 101 }
        builder.stream(numbers).join(table, { join: text, asOf })
      })
    ).toThrow('reaches as far as the grace')
  })

  test('refuses other partitions and a changed key', () => {
    expect(
      build((builder) => {
        const table = builder.table({ ...texts, partitions: 2 }, { name: 'names' })
        builder.stream(numbers).join(table, { join: text })
      })
    ).toThrow('co-partitioned')
    expect(
      build((builder) => {
        const table = builder.table(texts, { name: 'names' })
        builder
          .stream(numbers)
          .selectKey(() => 'x')
          .join(table, { join: text })
      })
    ).toThrow('expected a stream keyed as its topic')
  })
})
