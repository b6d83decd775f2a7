import { describe, expect, test } from 'vitest'
import { createFakeClock, SkipToDlqError } from '../../core/index.ts'
import { longFormat } from '../runtime/index.ts'
import { type AsyncCall, createStreamsBuilder, type MapAsyncOptions } from './index.ts'
import { drive, numberResults, numbers, pairs } from './testing/program.ts'

type Call = AsyncCall<number, string>

/** A program that calls out for each number, on a clock that runs when somebody sleeps. */
function calling(
  call: (input: Call) => Promise<number>,
  options: Partial<MapAsyncOptions<number, number, string>> = {}
) {
  const clock = createFakeClock(0)
  const sleep = clock.sleep.bind(clock)
  const waits: number[] = []
  clock.sleep = async (ms, signal) => {
    waits.push(ms)
    const slept = sleep(ms, signal)
    await clock.advance(ms)
    await slept
  }
  const driver = drive((builder) =>
    builder
      .stream(numbers)
      .filter((n) => n >= 0)
      .flatMapValues((n) => (n === 9 ? [1, 2] : [n]))
      .mapAsync<number>({ name: 'ask', call, clock, timeoutMs: 1_000, retries: 2, ...options })
      .mapValues((n) => n + 1)
      .to(numberResults)
  )
  return { driver, clock, waits }
}

describe('mapAsync', () => {
  test('forwards what the calls give, in the order of the records of a key', async () => {
    const { driver } = calling(async ({ value }) => {
      for (let hops = 10 - value; hops > 0; hops -= 1) await Promise.resolve()
      return value * 10
    })
    for (const [key, value] of [
      ['a', 1],
      ['a', 7],
      ['b', 3],
      ['a', 2]
    ] as const) {
      driver.append('numbers', key, value)
    }
    await driver.run()
    expect(pairs(driver, numberResults)).toEqual([
      ['a', 11],
      ['a', 71],
      ['b', 31],
      ['a', 21]
    ])
  })

  test('calls once for each record that gets to it, with an id of its own', async () => {
    const seen: string[] = []
    const { driver } = calling(async ({ value, id }) => {
      seen.push(`${id}=${value}`)
      return value
    })
    for (const value of [-5, 9]) driver.append('numbers', 'a', value)
    await driver.run()
    expect(seen).toEqual(['numbers-0@1.0=1', 'numbers-0@1.1=2'])
    expect(pairs(driver, numberResults)).toEqual([
      ['a', 2],
      ['a', 3]
    ])
  })

  test('tries a failed call again with backoff and dead-letters the record in the end', async () => {
    let calls = 0
    const { driver, waits } = calling(async ({ value }) => {
      calls += 1
      if (value === 4 || calls === 1) throw new Error('no answer')
      return value
    })
    for (const value of [3, 4, 5]) driver.append('numbers', 'a', value)
    await driver.run()
    expect(pairs(driver, numberResults)).toEqual([
      ['a', 4],
      ['a', 6]
    ])
    expect(waits).toEqual([100, 100, 200])
    expect(driver.deadLetters('numbers')).toHaveLength(1)
  })

  test('does not repeat what can never succeed', async () => {
    const { driver, waits } = calling(async () => {
      throw new SkipToDlqError('HAIL_RULE', 'no such ride')
    })
    await driver.pipe('numbers', 'a', 1)
    expect([waits, driver.deadLetters('numbers').length]).toEqual([[], 1])
  })

  test('aborts a call at its timeout', async () => {
    const aborted: boolean[] = []
    const { driver, clock } = calling(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            aborted.push(true)
            reject(signal.reason)
          })
        }),
      { retries: 0 }
    )
    const done = driver.pipe('numbers', 'a', 1)
    for (let turns = 0; turns < 50 && clock.timerCount() === 0; turns += 1) await clock.advance(0)
    await clock.advance(1_000)
    await done
    expect([aborted, driver.deadLetters('numbers').length]).toEqual([[true], 1])
  })

  test('calls after each other where one needs the result of the other', async () => {
    const clock = createFakeClock(0)
    const ask = { clock, timeoutMs: 1_000 }
    const driver = drive((builder) =>
      builder
        .stream(numbers)
        .mapAsync({ name: 'one', ...ask, call: async ({ value }) => [value, value + 1] })
        .flatMapValues((both) => both)
        .mapAsync({ name: 'two', ...ask, call: async ({ value }) => value * 10 })
        .to(numberResults)
    )
    await driver.pipe('numbers', 'a', 1)
    expect(pairs(driver, numberResults)).toEqual([
      ['a', 10],
      ['a', 20]
    ])
  })

  test('lets a deletion pass without a call', async () => {
    const driver = drive((builder) =>
      builder
        .table(numbers, { name: 'newest' })
        .toStream()
        .repartition({ name: 'again', format: longFormat })
        .mapAsync({
          name: 'ask',
          clock: createFakeClock(0),
          timeoutMs: 1_000,
          call: async ({ value }) => value + 1
        })
        .to(numberResults)
    )
    await driver.pipe('numbers', 'a', 1)
    await driver.pipe('numbers', 'a', null)
    expect(pairs(driver, numberResults)).toEqual([
      ['a', 2],
      ['a', null]
    ])
  })

  test('is refused below an operator with state, and allowed below a repartition', () => {
    const builder = createStreamsBuilder({ app: 'probe', commitIntervalMs: 100 })
    const counts = builder.stream(numbers).groupByKey().count({ name: 'counts' }).toStream()
    const options = { clock: createFakeClock(0), timeoutMs: 1_000, call: async () => 1 }
    expect(() => counts.mapAsync({ name: 'ask', ...options })).toThrow(/no operator with state/)
    const again = counts.repartition({ name: 'again', format: longFormat })
    expect(() => again.mapAsync({ name: 'again_ask', ...options })).not.toThrow()
  })

  test('bounds the calls in flight', async () => {
    let inFlight = 0
    let most = 0
    const { driver } = calling(
      async ({ value }) => {
        inFlight += 1
        most = Math.max(most, inFlight)
        for (let hops = 0; hops < 5; hops += 1) await Promise.resolve()
        inFlight -= 1
        return value
      },
      { concurrency: 2 }
    )
    for (const key of ['a', 'b', 'c', 'd', 'e']) driver.append('numbers', key, 1)
    await driver.run()
    expect([most, pairs(driver, numberResults).length]).toEqual([2, 5])
  })
})
