import { describe, expect, test } from 'vitest'
import {
  createFakeClock,
  DeadLetterBreaker,
  type HailError,
  RetryError,
  silentLogger
} from '../../core/index.ts'
import { BatchSize } from './batch-size.ts'
import { createRetrier, waitMs } from './retrying.ts'

describe('the dead-letter breaker', () => {
  const aBreaker = () => new DeadLetterBreaker({ windowRecords: 100, ratioMax: 0.2 })

  test('lets the odd bad record pass for ever', () => {
    const breaker = aBreaker()
    for (let batch = 0; batch < 1_000; batch += 1) breaker.admit({ records: 10, dead: 1 })
  })

  test('opens before the window is full when its whole share is used up', () => {
    const breaker = aBreaker()
    breaker.admit({ records: 20, dead: 20 })
    expect(() => breaker.admit({ records: 1, dead: 1 })).toThrow('check the last deploy')
  })

  test('forgets what lies before the window', () => {
    const breaker = aBreaker()
    breaker.admit({ records: 20, dead: 20 })
    breaker.admit({ records: 100, dead: 0 })
    breaker.admit({ records: 20, dead: 20 })
  })

  test('judges a batch larger than the window by its own share', () => {
    aBreaker().admit({ records: 1_000, dead: 200 })
    expect(() => aBreaker().admit({ records: 1_000, dead: 201 })).toThrow('at most 200')
  })
})

describe('the size of batches', () => {
  test('grows while full batches are fast and halves when one is slow', () => {
    const size = new BatchSize({ recordsMax: 1_000, fetchBytesMax: 1 << 20 })
    expect(size.records).toBe(250)
    for (let batch = 0; batch < 20; batch += 1) {
      size.observe({ records: size.records, bytes: size.records * 400, durationMs: 100 })
    }
    expect(size.records).toBe(1_000)
    size.observe({ records: 1_000, bytes: 400_000, durationMs: 5_000 })
    expect(size.records).toBe(500)
    for (let batch = 0; batch < 20; batch += 1) {
      size.observe({ records: size.records, bytes: size.records * 400, durationMs: 5_000 })
    }
    expect(size.records).toBe(50)
  })

  test('does not grow by batches that were not full', () => {
    const size = new BatchSize({ recordsMax: 1_000, fetchBytesMax: 1 << 20 })
    for (let batch = 0; batch < 20; batch += 1) {
      size.observe({ records: 10, bytes: 4_000, durationMs: 10 })
    }
    expect(size.records).toBe(250)
  })

  test('asks for what a batch takes, within its bounds', () => {
    const size = new BatchSize({ recordsMax: 1_000, fetchBytesMax: 1 << 20 })
    for (let batch = 0; batch < 50; batch += 1) {
      size.observe({ records: 10, bytes: 10 * 100_000, durationMs: 10 })
    }
    expect(size.fetchBytes).toBe(1 << 20)
    for (let batch = 0; batch < 80; batch += 1) {
      size.observe({ records: 10, bytes: 10, durationMs: 10 })
    }
    expect(size.fetchBytes).toBe(64 * 1024)
  })
})

describe('a retrier', () => {
  const outage = () => new RetryError('HAIL_MONGO_UNAVAILABLE', 'away')

  function aRetrier() {
    const clock = createFakeClock(0)
    const seen: (HailError | null)[] = []
    const waits = { firstMs: 100, maxMs: 1_000 }
    const onRetry = (error: HailError | null) => seen.push(error)
    return { clock, seen, retrier: createRetrier({ clock, logger: silentLogger, waits, onRetry }) }
  }

  test('tries for ever with waits that double up to a bound', async () => {
    const { clock, retrier, seen } = aRetrier()
    let tries = 0
    const done = retrier.run(
      'work',
      async () => {
        tries += 1
        if (tries < 500) throw outage()
        return 'done'
      },
      new AbortController().signal
    )
    await clock.advance(500 * 1_000)
    expect(await done).toBe('done')
    expect(tries).toBe(500)
    expect(seen.at(-1)).toBeNull()
    expect(waitMs({ firstMs: 100, maxMs: 1_000 }, { waitCount: 2, chance: 0 })).toBe(200)
    expect(waitMs({ firstMs: 100, maxMs: 1_000 }, { waitCount: 400, chance: 1 })).toBe(1_000)
  })

  test('passes on at once what waiting does not heal', async () => {
    const { retrier } = aRetrier()
    const run = retrier.run(
      'work',
      () => Promise.reject(new TypeError('bug')),
      new AbortController().signal
    )
    await expect(run).rejects.toThrow('bug')
  })

  test('gives up a wait when its work is taken away', async () => {
    const { clock, retrier } = aRetrier()
    const controller = new AbortController()
    const run = retrier.run('work', () => Promise.reject(outage()), controller.signal)
    const failed = expect(run).rejects.toThrow('taken away')
    await clock.settle()
    controller.abort()
    await failed
    expect(clock.timerCount()).toBe(0)
  })
})
