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

const appendAll = async (
  driver: ReturnType<typeof drive>,
  records: readonly (readonly [key: string, value: number, timestampMs?: number])[]
): Promise<void> => {
  for (const [key, value, timestampMs = 0] of records) {
    driver.append('numbers', key, value, { timestampMs })
  }
  await driver.run()
}

describe('count', () => {
  test('forwards the newest of each key once a commit', async () => {
    const driver = drive((builder) =>
      builder.stream(numbers).groupByKey().count({ name: 'counts' }).toStream().to(numberResults)
    )
    await appendAll(driver, [
      ['a', 1],
      ['b', 1],
      ['a', 1]
    ])
    await appendAll(driver, [['a', 1]])
    expect(pairs(driver, numberResults)).toEqual([
      ['a', 2],
      ['b', 1],
      ['a', 3]
    ])
    const stored = await driver.store('probe', 'numbers', 'counts', 'a')
    expect(stored).toEqual({ value: 3, timestampMs: 0 })
  })

  test('forwards each result when it is not cached', async () => {
    const driver = drive((builder) =>
      builder
        .stream(numbers)
        .groupByKey()
        .count({ name: 'counts', cached: false })
        .toStream()
        .to(numberResults)
    )
    await appendAll(driver, [
      ['a', 1],
      ['a', 1]
    ])
    expect(pairs(driver, numberResults)).toEqual([
      ['a', 1],
      ['a', 2]
    ])
  })

  test('carries the highest timestamp that went into it', async () => {
    const driver = drive((builder) =>
      builder.stream(numbers).groupByKey().count({ name: 'counts' }).toStream().to(numberResults)
    )
    await appendAll(driver, [['a', 1, 50]])
    await appendAll(driver, [['a', 1, 20]])
    expect(results(driver, numberResults)).toEqual([
      ['a', 1, 50],
      ['a', 2, 50]
    ])
  })

  test('is the same after a restart and after a wipe of the backend', async () => {
    const driver = drive((builder) =>
      builder.stream(numbers).groupByKey().count({ name: 'counts' }).toStream().to(numberResults)
    )
    await appendAll(driver, [['a', 1]])
    await driver.restart()
    await appendAll(driver, [['a', 1]])
    await driver.wipe('probe', 'numbers', 'counts')
    await appendAll(driver, [['a', 1]])
    expect(pairs(driver, numberResults)).toEqual([
      ['a', 1],
      ['a', 2],
      ['a', 3]
    ])
  })

  test('holds nothing back of an input that fails', async () => {
    const driver = drive((builder) => {
      const stream = builder.stream(numbers)
      stream.groupByKey().count({ name: 'counts' }).toStream().to(numberResults)
      stream.peek((n) => {
        if (n < 0) throw new Error('negative')
      })
    })
    await appendAll(driver, [
      ['a', 1],
      ['a', -1],
      ['b', -1],
      ['a', 1]
    ])
    expect(pairs(driver, numberResults)).toEqual([['a', 2]])
    expect(driver.deadLetters('numbers')).toHaveLength(2)
  })
})

test('aggregate folds the values of each key', async () => {
  const driver = drive((builder) =>
    builder
      .stream(numbers)
      .groupByKey()
      .aggregate({
        name: 'sums',
        init: () => '',
        add: (text, n, key) => `${text}${key}${n}`,
        format: stringFormat
      })
      .toStream()
      .to(textResults)
  )
  await appendAll(driver, [
    ['a', 1],
    ['b', 5],
    ['a', 2]
  ])
  expect(pairs(driver, textResults)).toEqual([
    ['a', 'a1a2'],
    ['b', 'b5']
  ])
})

test('reduce begins with the first value and knows the format of its source', async () => {
  const driver = drive((builder) =>
    builder
      .stream(numbers)
      .groupByKey()
      .reduce({ name: 'highest', reduce: Math.max })
      .toStream()
      .to(numberResults)
  )
  await appendAll(driver, [
    ['a', 1],
    ['a', 7],
    ['a', 3]
  ])
  expect(pairs(driver, numberResults)).toEqual([['a', 7]])
})

test('groupBy brings equal keys together through a repartition topic', async () => {
  const driver = drive((builder) =>
    builder
      .stream(texts)
      .flatMapValues((line) => line.split(' '))
      .groupBy((word) => word, { name: 'by_word', format: stringFormat, partitions: 3 })
      .count({ name: 'words' })
      .toStream()
      .to(numberResults)
  )
  await driver.pipe('texts', 'l1', 'to be or not to be')
  expect(new Map(pairs(driver, numberResults) as [string, number][])).toEqual(
    new Map([
      ['to', 2],
      ['be', 2],
      ['or', 1],
      ['not', 1]
    ])
  )
})

test('a result that cannot be forwarded is dead-lettered, the others are not', async () => {
  const driver = drive((builder) =>
    builder
      .stream(numbers)
      .groupByKey()
      .count({ name: 'counts' })
      .mapValues((count) => {
        if (count === 2) throw new Error('no twos')
        return count
      })
      .toStream()
      .to({ ...numberResults, format: longFormat })
  )
  await appendAll(driver, [
    ['a', 1],
    ['a', 1],
    ['b', 1]
  ])
  expect(pairs(driver, numberResults)).toEqual([['b', 1]])
  expect(driver.deadLetters('numbers')).toHaveLength(1)
})
