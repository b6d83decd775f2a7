import { expect, test } from 'vitest'
import type { KStream } from './index.ts'
import {
  drive,
  moreNumbers,
  numberResults,
  numbers,
  otherResults,
  pairs,
  results
} from './testing/program.ts'

/** What an operator makes of numbers under the keys a, b, a, ... */
async function through(
  build: (stream: KStream<number>) => KStream<number>,
  values: readonly number[]
): Promise<[string, unknown][]> {
  const driver = drive((builder) => build(builder.stream(numbers)).to(numberResults))
  for (const [i, value] of values.entries()) {
    await driver.pipe('numbers', i % 2 === 0 ? 'a' : 'b', value)
  }
  return pairs(driver, numberResults)
}

test('map makes key and value new', async () => {
  const out = await through(
    (s) => s.map((value, key) => ({ key: `${key}!`, value: value + 1 })),
    [3]
  )
  expect(out).toEqual([['a!', 4]])
})

test('mapValues keeps the key', async () => {
  expect(await through((s) => s.mapValues((n) => n * 2), [3, 4])).toEqual([
    ['a', 6],
    ['b', 8]
  ])
})

test('filter keeps what its predicate holds for and filterNot the rest', async () => {
  expect(await through((s) => s.filter((n) => n > 2), [1, 3, 2])).toEqual([['b', 3]])
  expect(await through((s) => s.filterNot((n) => n > 2), [1, 3, 2])).toEqual([
    ['a', 1],
    ['a', 2]
  ])
})

test('flatMap and flatMapValues make any number of records, in order', async () => {
  const spread = (n: number) => Array.from({ length: n }, (_, i) => i)
  expect(await through((s) => s.flatMapValues(spread), [2, 0])).toEqual([
    ['a', 0],
    ['a', 1]
  ])
  const keyed = (n: number) => spread(n).map((i) => ({ key: `k${i}`, value: n }))
  expect(await through((s) => s.flatMap(keyed), [2])).toEqual([
    ['k0', 2],
    ['k1', 2]
  ])
})

test('peek looks and changes nothing', async () => {
  const seen: unknown[] = []
  const out = await through((s) => s.peek((value, key) => seen.push([key, value])), [1])
  expect([seen, out]).toEqual([[['a', 1]], [['a', 1]]])
})

test('selectKey changes the key alone', async () => {
  expect(await through((s) => s.selectKey((n) => String(n)), [7])).toEqual([['7', 7]])
})

test('a record goes to the first branch whose predicate holds, or nowhere', async () => {
  const driver = drive((builder) => {
    const { high, even } = builder
      .stream(numbers)
      .branch({ high: (n) => n > 9, even: (n) => n % 2 === 0 })
    high.to(numberResults)
    even.to(otherResults)
  })
  for (const value of [12, 4, 3]) await driver.pipe('numbers', 'a', value)
  expect(pairs(driver, numberResults)).toEqual([['a', 12]])
  expect(pairs(driver, otherResults)).toEqual([['a', 4]])
})

test('merge joins two streams and keeps timestamps', async () => {
  const driver = drive((builder) =>
    builder.stream(numbers).merge(builder.stream(moreNumbers)).to(numberResults)
  )
  await driver.pipe('numbers', 'a', 1, { timestampMs: 5 })
  await driver.pipe('more_numbers', 'b', 2, { timestampMs: 3 })
  expect(results(driver, numberResults)).toEqual([
    ['a', 1, 5],
    ['b', 2, 3]
  ])
})

test('one source feeds several streams', async () => {
  const driver = drive((builder) => {
    builder.stream(numbers).to(numberResults)
    builder
      .stream(numbers)
      .mapValues((n) => -n)
      .to(otherResults)
  })
  await driver.pipe('numbers', 'a', 1)
  expect(pairs(driver, numberResults)).toEqual([['a', 1]])
  expect(pairs(driver, otherResults)).toEqual([['a', -1]])
})

test('a record that a function fails on is dead-lettered without a trace', async () => {
  const driver = drive((builder) => {
    const stream = builder.stream(numbers)
    stream.to(otherResults)
    stream
      .mapValues((n) => {
        if (n === 2) throw new Error('no twos')
        return n
      })
      .to(numberResults)
  })
  for (const value of [1, 2, 3]) await driver.pipe('numbers', 'a', value)
  expect(pairs(driver, numberResults).map(([, value]) => value)).toEqual([1, 3])
  expect(pairs(driver, otherResults).map(([, value]) => value)).toEqual([1, 3])
  expect(driver.deadLetters('numbers')).toHaveLength(1)
})
