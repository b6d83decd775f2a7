import { describe, expect, test } from 'vitest'
import { joinWindow } from '../index.ts'
import {
  drive,
  moreNumbers,
  numberResults,
  numbers,
  otherResults,
  results,
  textResults,
  texts
} from '../testing/program.ts'

const window = joinWindow({ beforeMs: 5, afterMs: 10, graceMs: 2, bucketMs: 10 })
const text = (left: number | null, right: string | null): string => `${left ?? '-'}${right ?? '-'}`

type Kind = 'inner' | 'left' | 'outer'

function joined(kind: Kind, options: Parameters<typeof drive>[1] = {}) {
  return drive((builder) => {
    const left = builder.stream(numbers)
    const right = builder.stream(texts)
    const rest = { name: 'pairs', window, join: text, rowsMax: 3 }
    const stream =
      kind === 'inner'
        ? left.join(right, { ...rest, late: { left: { to: numberResults } } })
        : kind === 'left'
          ? left.leftJoin(right, rest)
          : left.outerJoin(right, rest)
    stream.to(textResults)
  }, options)
}

async function at(driver: ReturnType<typeof joined>, value: number | string, timestampMs: number) {
  const topic = typeof value === 'number' ? numbers.name : texts.name
  await driver.pipe(topic, 'k', value, { timestampMs })
}

describe('a join of two streams', () => {
  test('pairs records within before and after, both ends included, at the later time', async () => {
    const driver = joined('inner')
    await at(driver, 1, 100)
    for (const [value, ms] of [
      ['a', 94],
      ['b', 95],
      ['c', 110],
      ['d', 111]
    ] as const) {
      await at(driver, value, ms)
    }
    expect(results(driver, textResults)).toEqual([
      ['k', '1b', 100],
      ['k', '1c', 110]
    ])
  })

  test('pairs records in both orders of their arrival and over buckets', async () => {
    const driver = joined('inner')
    await at(driver, 'a', 98)
    await at(driver, 1, 101)
    await at(driver, 'b', 108)
    await at(driver, 2, 106)
    await at(driver, 'c', 107)
    expect(results(driver, textResults)).toEqual([
      ['k', '1a', 101],
      ['k', '1b', 108],
      ['k', '2b', 108],
      ['k', '1c', 107],
      ['k', '2c', 107]
    ])
  })

  test('keeps keys apart', async () => {
    const driver = joined('inner')
    await driver.pipe(numbers.name, 'x', 1, { timestampMs: 100 })
    await driver.pipe(texts.name, 'y', 'a', { timestampMs: 100 })
    expect(results(driver, textResults)).toEqual([])
  })

  test('sends a late record to its topic, counts it and pairs it with nothing', async () => {
    const driver = joined('inner')
    await at(driver, 'a', 107)
    await at(driver, 'x', 112)
    await at(driver, 1, 100)
    expect(results(driver, textResults)).toEqual([['k', '1a', 107]])
    await at(driver, 'y', 113)
    await at(driver, 2, 100)
    expect(results(driver, textResults)).toEqual([])
    expect(results(driver, numberResults)).toEqual([['k', 2, 100]])
    expect(driver.counts.get('probe/pairs|late')).toBe(1)
  })

  test('does not find a record whose window has closed', async () => {
    const driver = joined('inner')
    await at(driver, 1, 100)
    await at(driver, 'x', 113)
    await at(driver, 'b', 109)
    expect(results(driver, textResults)).toEqual([])
  })

  test('dead-letters a record beyond the bound of an entry and undoes its pairs', async () => {
    const driver = joined('inner')
    await at(driver, 'a', 100)
    for (const n of [1, 2, 3, 4]) await at(driver, n, 100)
    expect(results(driver, textResults).map(([, value]) => value)).toEqual(['1a', '2a', '3a'])
    const [letter] = driver.deadLetters(numbers.name)
    expect(letter?.headers['dlq-code'] ?? JSON.stringify(letter?.headers)).toContain('HAIL_RULE')
    await at(driver, 'b', 101)
    expect(results(driver, textResults).map(([, value]) => value)).toEqual(['1b', '2b', '3b'])
  })

  test('joins a stream with itself, each record with itself once', async () => {
    const driver = drive((builder) => {
      const stream = builder.stream(numbers)
      stream.join(stream, { name: 'self', window, join: (a, b) => a * 10 + b }).to(numberResults)
    })
    await driver.pipe(numbers.name, 'k', 1, { timestampMs: 100 })
    await driver.pipe(numbers.name, 'k', 2, { timestampMs: 107 })
    expect(results(driver, numberResults)).toEqual([
      ['k', 11, 100],
      ['k', 12, 107],
      ['k', 22, 107]
    ])
  })

  test('drops the segments of an inner join whole', async () => {
    const driver = joined('inner')
    await at(driver, 1, 100)
    await at(driver, 'a', 101)
    await at(driver, 2, 1_000)
    await at(driver, 3, 1_001)
    expect([...(await driver.entries('probe', 'numbers', 'pairs_left')).keys()]).toEqual(['1000|k'])
    expect((await driver.entries('probe', 'numbers', 'pairs_right')).size).toBe(0)
  })
})

describe('a left or outer join of two streams', () => {
  test('forwards what found no partner once, at its own time, when its bucket has closed', async () => {
    const driver = joined('left')
    await at(driver, 1, 100)
    await at(driver, 2, 104)
    await at(driver, 'a', 109)
    await at(driver, 'b', 113)
    expect(results(driver, textResults)).toEqual([
      ['k', '1a', 109],
      ['k', '2a', 109],
      ['k', '2b', 113]
    ])
    await at(driver, 3, 130)
    await at(driver, 4, 200)
    await at(driver, 5, 200)
    expect(results(driver, textResults)).toEqual([['k', '3-', 130]])
    await at(driver, 6, 201)
    expect(results(driver, textResults)).toEqual([])
  })

  test('forwards the right side too when it is outer, and only then', async () => {
    for (const kind of ['left', 'outer'] as const) {
      const driver = joined(kind)
      await at(driver, 'a', 100)
      await at(driver, 1, 120)
      await at(driver, 'b', 300)
      await at(driver, 'c', 301)
      const expected = kind === 'outer' ? [['k', '-a', 100]] : []
      expect(results(driver, textResults)).toEqual([...expected, ['k', '1-', 120]])
    }
  })

  test('never forwards a record alone that has joined before a restart', async () => {
    const driver = joined('outer')
    await at(driver, 1, 100)
    await driver.restart()
    await at(driver, 'a', 101)
    await driver.restart()
    await at(driver, 2, 500)
    await at(driver, 3, 500)
    expect(results(driver, textResults)).toEqual([['k', '1a', 101]])
  })

  test('closes by the wall clock when input is idle', async () => {
    const driver = joined('outer', { startMs: 100 })
    await at(driver, 1, 100)
    await at(driver, 'a', 94)
    expect(results(driver, textResults)).toEqual([])
    await driver.advance(60)
    expect(results(driver, textResults).toSorted()).toEqual([
      ['k', '-a', 94],
      ['k', '1-', 100]
    ])
  })

  test('waits for a further record when it may not go by the wall clock', async () => {
    const driver = joined('outer', { startMs: 100, closeOnIdle: false })
    await at(driver, 1, 100)
    await driver.advance(60_000)
    expect(results(driver, textResults)).toEqual([])
  })

  test('goes on below through a repartition', async () => {
    const driver = drive((builder) => {
      builder
        .stream(numbers)
        .leftJoin(builder.stream(moreNumbers), {
          name: 'pairs',
          window,
          join: (left, right) => left + (right ?? 1_000)
        })
        .repartition({ name: 'joined', format: numbers.format })
        .groupByKey()
        .reduce({ name: 'sums', reduce: (a, b) => a + b, cached: false })
        .toStream()
        .to(otherResults)
    })
    await driver.pipe(numbers.name, 'k', 1, { timestampMs: 100 })
    await driver.pipe(moreNumbers.name, 'k', 2, { timestampMs: 100 })
    await driver.pipe(numbers.name, 'k', 4, { timestampMs: 150 })
    await driver.pipe(numbers.name, 'k', 8, { timestampMs: 300 })
    await driver.pipe(numbers.name, 'k', 8, { timestampMs: 301 })
    expect(results(driver, otherResults)).toEqual([
      ['k', 3, 100],
      ['k', 1_007, 150]
    ])
  })
})

describe('the wiring of a join of two streams', () => {
  const build = (make: Parameters<typeof drive>[0]) => () => drive(make)

  test('refuses sides with different partitions', () => {
    const wide = { ...texts, partitions: 4 }
    expect(
      build((builder) => {
        builder.stream(numbers).join(builder.stream(wide), { name: 'pairs', window, join: text })
      })
    ).toThrow('expected co-partitioned sides, got 1 and 4 partitions')
  })

  test('refuses a changed key, a changed time and values without a format', () => {
    const rest = { window, join: () => 1 }
    expect(
      build((builder) => {
        const right = builder.stream(texts)
        builder
          .stream(numbers)
          .selectKey(() => 'x')
          .join(right, { ...rest, name: 'pairs' })
      })
    ).toThrow('expected a stream keyed as its topic')
    expect(
      build((builder) => {
        const right = builder.stream(texts)
        const once = builder.stream(numbers).join(right, { ...rest, name: 'pairs' })
        once.join(right, { ...rest, name: 'more', format: numbers.format })
      })
    ).toThrow('expected timestamps as in its topic')
    expect(
      build((builder) => {
        const right = builder.stream(texts)
        builder
          .stream(numbers)
          .mapValues(String)
          .join(right, { ...rest, name: 'pairs' })
      })
    ).toThrow('expected a format')
  })

  test('refuses times that are not whole or negative', () => {
    expect(() => joinWindow({ beforeMs: -1, afterMs: 0, graceMs: 0 })).toThrow('beforeMs')
    expect(() => joinWindow({ beforeMs: 0, afterMs: 0.5, graceMs: 0 })).toThrow('afterMs')
    expect(() => joinWindow({ beforeMs: 0, afterMs: 0, graceMs: 0, bucketMs: 0 })).toThrow(
      'bucketMs'
    )
  })
})
