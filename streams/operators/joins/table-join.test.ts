import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { longFormat, stringFormat } from '../../runtime/index.ts'
import {
  drive,
  moreNumbers,
  numberResults,
  numbers,
  results,
  textResults
} from '../testing/program.ts'

type Kind = 'inner' | 'left' | 'outer'

const text = (left: number | null, right: number | null): string => `${left ?? '-'}+${right ?? '-'}`

function joined(kind: Kind, options: Parameters<typeof drive>[1] = {}) {
  return drive((builder) => {
    const left = builder.table(numbers, { name: 'lefts' })
    const right = builder.table(moreNumbers, { name: 'rights' })
    const rest = { name: 'pairs', join: text, format: stringFormat }
    const table =
      kind === 'inner'
        ? left.join(right, rest)
        : kind === 'left'
          ? left.leftJoin(right, rest)
          : left.outerJoin(right, rest)
    table.toStream().to(textResults)
  }, options)
}

describe('a join of two tables', () => {
  const changes = [
    [numbers.name, 1, 10],
    [moreNumbers.name, 2, 30],
    [numbers.name, 3, 20],
    [moreNumbers.name, null, 40],
    [numbers.name, null, 50],
    [moreNumbers.name, 4, 60]
  ] as const
  const expected: Record<Kind, (readonly [string | null, number])[]> = {
    inner: [
      ['1+2', 30],
      ['3+2', 30],
      [null, 40]
    ],
    left: [
      ['1+-', 10],
      ['1+2', 30],
      ['3+2', 30],
      ['3+-', 40],
      [null, 50]
    ],
    outer: [
      ['1+-', 10],
      ['1+2', 30],
      ['3+2', 30],
      ['3+-', 40],
      [null, 50],
      ['-+4', 60]
    ]
  }

  for (const kind of ['inner', 'left', 'outer'] as const) {
    test(`forwards each change of the ${kind} result, deletions too`, async () => {
      const driver = joined(kind)
      for (const [topic, value, timestampMs] of changes) {
        await driver.pipe(topic, 'k', value, { timestampMs })
      }
      expect(results(driver, textResults)).toEqual(
        expected[kind].map(([value, timestampMs]) => ['k', value, timestampMs])
      )
    })
  }

  test('subtracts from an aggregate below what it has added to it', async () => {
    const driver = drive((builder) => {
      const left = builder
        .stream(numbers)
        .groupByKey()
        .reduce({ name: 'lefts', reduce: (_, n) => n })
      const right = builder.table(moreNumbers, { name: 'rights' })
      left
        .join(right, { name: 'sums', join: (a, b) => a + b, format: longFormat })
        .groupBy((value) => ({ key: 'all', value }), { name: 'regrouped', format: longFormat })
        .aggregate({
          name: 'total',
          init: () => 0,
          add: (sum, n) => sum + n,
          subtract: (sum, n) => sum - n,
          format: longFormat,
          cached: false
        })
        .toStream()
        .to(numberResults)
    })
    await driver.pipe(numbers.name, 'a', 1, { timestampMs: 1 })
    await driver.pipe(moreNumbers.name, 'a', 10, { timestampMs: 2 })
    driver.append(numbers.name, 'a', 2, { timestampMs: 3 })
    driver.append(moreNumbers.name, 'a', 20, { timestampMs: 4 })
    driver.append(numbers.name, 'a', 3, { timestampMs: 5 })
    await driver.run()
    await driver.pipe(numbers.name, 'b', 100, { timestampMs: 6 })
    await driver.pipe(moreNumbers.name, 'b', 1_000, { timestampMs: 7 })
    expect(results(driver, numberResults).at(-1)?.[1]).toBe(1_123)
    await driver.pipe(moreNumbers.name, 'a', null, { timestampMs: 8 })
    expect(results(driver, numberResults).at(-1)?.[1]).toBe(1_100)
  })

  test('can be joined again and looked up by a stream', async () => {
    const driver = drive((builder) => {
      const left = builder.table(numbers, { name: 'lefts' })
      const right = builder.table(moreNumbers, { name: 'rights' })
      const sum = left.join(right, { name: 'sums', join: (a, b) => a + b, format: longFormat })
      sum
        .join(left, { name: 'products', join: (a, b) => a * b, format: longFormat })
        .toStream()
        .to(numberResults)
    })
    await driver.pipe(numbers.name, 'a', 2, { timestampMs: 1 })
    await driver.pipe(moreNumbers.name, 'a', 3, { timestampMs: 2 })
    expect(results(driver, numberResults).at(-1)).toEqual(['a', 10, 2])
  })
})

const change = fc.record({
  isLeft: fc.boolean(),
  key: fc.constantFrom('a', 'b'),
  value: fc.option(fc.integer({ min: 1, max: 9 }), { nil: null }),
  restarts: fc.boolean()
})

test('the newest results are those of two maps, under any split and restart', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { maxLength: 25 }),
      fc.constantFrom('inner', 'left', 'outer' as const),
      fc.constantFrom(1, 3, 100),
      async (input, kind, commitEveryRecords) => {
        const driver = joined(kind as Kind, { commitEveryRecords })
        const sides = { left: new Map<string, number>(), right: new Map<string, number>() }
        for (const [index, { isLeft, key, value, restarts }] of input.entries()) {
          const topic = isLeft ? numbers.name : moreNumbers.name
          driver.append(topic, key, value, { timestampMs: index })
          if (restarts) {
            await driver.run()
            await driver.restart()
          }
          const side = isLeft ? sides.left : sides.right
          if (value === null) side.delete(key)
          else side.set(key, value)
        }
        await driver.run()
        const newest = new Map(results(driver, textResults).map(([key, value]) => [key, value]))
        for (const key of ['a', 'b']) {
          const left = sides.left.get(key) ?? null
          const right = sides.right.get(key) ?? null
          const isThere =
            kind === 'inner'
              ? left !== null && right !== null
              : left !== null || (kind === 'outer' && right !== null)
          expect(newest.get(key) ?? null).toBe(isThere ? text(left, right) : null)
        }
      }
    ),
    { numRuns: 80 }
  )
})
