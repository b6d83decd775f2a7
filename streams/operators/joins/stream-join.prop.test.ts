/**
 * @module Joins of two streams against loops over arrays, under any order of times, split and restart.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { joinWindow } from '../index.ts'
import { drive, moreNumbers, numbers, results, textResults } from '../testing/program.ts'

const originMs = 10_000
const farMs = 10_000_000

interface Row {
  readonly isLeft: boolean
  readonly key: string
  readonly timestampMs: number
}

const rows = fc.array(
  fc.record({
    isLeft: fc.boolean(),
    key: fc.constantFrom('a', 'b'),
    timestampMs: fc.nat(120).map((ms) => originMs + ms)
  }),
  { maxLength: 30 }
)

const sizes = fc.record({
  beforeMs: fc.nat(20),
  afterMs: fc.nat(20),
  graceMs: fc.constantFrom(0, 7, 200),
  bucketMs: fc.constantFrom(1, 5, 16, 100)
})

type Kind = 'inner' | 'left' | 'outer'
type Sizes = Required<Parameters<typeof joinWindow>[0]>

interface Made {
  /** `key left|right`, numbered by their place in the input; `-` for none. */
  readonly pairs: readonly string[]
  readonly late: number
}

/** By the definition: the later of a pair to arrive finds both windows open. */
function model(input: readonly Row[], kind: Kind, { beforeMs, afterMs, graceMs }: Sizes): Made {
  const closesAfterMs = ({ isLeft, timestampMs }: Row): number =>
    timestampMs + (isLeft ? afterMs : beforeMs) + graceMs
  const pairs: string[] = []
  const accepted: { row: Row; index: number; isMatched: boolean }[] = []
  let nowMs = 0
  let late = 0
  input.forEach((row, index) => {
    nowMs = Math.max(nowMs, row.timestampMs)
    if (nowMs > closesAfterMs(row)) {
      late += 1
      return
    }
    const own = { row, index, isMatched: false }
    for (const other of accepted) {
      if (other.row.isLeft === row.isLeft || other.row.key !== row.key) continue
      if (nowMs > closesAfterMs(other.row)) continue
      const [left, right] = row.isLeft ? [own, other] : [other, own]
      const apartMs = right.row.timestampMs - left.row.timestampMs
      if (apartMs < -beforeMs || apartMs > afterMs) continue
      own.isMatched = true
      other.isMatched = true
      pairs.push(`${row.key} ${left.index}|${right.index}`)
    }
    accepted.push(own)
  })
  for (const { row, index, isMatched } of accepted) {
    if (isMatched || kind === 'inner' || (kind === 'left' && !row.isLeft)) continue
    pairs.push(row.isLeft ? `${row.key} ${index}|-` : `${row.key} -|${index}`)
  }
  return { pairs: pairs.toSorted(), late }
}

interface RunOptions {
  readonly commitEveryRecords?: number
  readonly runsAfter?: readonly boolean[]
  readonly restartsAfter?: readonly boolean[]
}

async function run(
  input: readonly Row[],
  kind: Kind,
  window: Sizes,
  options: RunOptions = {}
): Promise<Made> {
  const { commitEveryRecords, runsAfter = [], restartsAfter = [] } = options
  const driver = drive(
    (builder) => {
      const rest = {
        name: 'pairs',
        window: joinWindow(window),
        join: (left: number | null, right: number | null) => `${left ?? '-'}|${right ?? '-'}`
      }
      const left = builder.stream(numbers)
      const right = builder.stream(moreNumbers)
      const joined =
        kind === 'inner'
          ? left.join(right, rest)
          : kind === 'left'
            ? left.leftJoin(right, rest)
            : left.outerJoin(right, rest)
      joined.to(textResults)
    },
    { closeOnIdle: false, ...(commitEveryRecords !== undefined && { commitEveryRecords }) }
  )
  const feed = async (row: Row, value: number): Promise<void> => {
    const topic = row.isLeft ? numbers.name : moreNumbers.name
    driver.append(topic, row.key, value, { timestampMs: row.timestampMs })
  }
  for (const [index, row] of input.entries()) {
    await feed(row, index)
    if (runsAfter[index] !== false) await driver.run()
    if (restartsAfter[index] === true) await driver.restart()
  }
  await driver.run()
  for (const isLeft of [true, false]) await feed({ isLeft, key: 'far', timestampMs: farMs }, 0)
  await driver.run()
  await feed({ isLeft: true, key: 'far', timestampMs: farMs + 1 }, 0)
  await driver.run()
  const pairs = results(driver, textResults)
    .filter(([key]) => key !== 'far')
    .map(([key, value]) => `${key} ${value}`)
  return { pairs: pairs.toSorted(), late: driver.counts.get('probe/pairs|late') ?? 0 }
}

for (const kind of ['inner', 'left', 'outer'] as const) {
  test(`the ${kind} join makes the pairs of a loop over all records, none less, none more`, async () => {
    await fc.assert(
      fc.asyncProperty(rows, sizes, async (input, window) => {
        expect(await run(input, kind, window)).toEqual(model(input, kind, window))
      }),
      { numRuns: 150 }
    )
  })
}

test('all kinds join the same pairs', async () => {
  await fc.assert(
    fc.asyncProperty(rows, sizes, async (input, window) => {
      const outer = await run(input, 'outer', window)
      const whole = outer.pairs.filter((pair) => !pair.includes('-'))
      expect((await run(input, 'inner', window)).pairs).toEqual(whole)
    }),
    { numRuns: 60 }
  )
})

test('splits into commits and restarts between them change nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      rows,
      sizes,
      fc.constantFrom('inner', 'left', 'outer' as const),
      fc.constantFrom(1, 2, 7),
      fc.array(fc.boolean(), { maxLength: 30 }),
      async (input, window, kind, commitEveryRecords, restartsAfter) => {
        const split = { commitEveryRecords, restartsAfter }
        expect(await run(input, kind as Kind, window, split)).toEqual(
          await run(input, kind as Kind, window)
        )
      }
    ),
    { numRuns: 100 }
  )
})
