import { describe, expect, test } from 'vitest'
import { createTopologyDriver, type TopologyDriver } from '../../test/support/index.ts'
import {
  type ClosedEntry,
  type Context,
  defineSubTopology,
  longFormat,
  type SubTopology,
  segmentKey,
  stringFormat
} from './index.ts'

const startMs = 1_700_000_000_000 - (1_700_000_000_000 % 60_000)
const sizeMs = 60_000

const words = { name: 'words', partitions: 1, format: stringFormat } as const
const totals = { name: 'totals', partitions: 1, format: longFormat } as const

/** Counts words of each minute; at the close, or on every update, the count goes to `totals`. */
function counting(options: {
  closes: boolean
  closeOnIdle?: boolean
  onClose?: (ctx: Context, entry: ClosedEntry) => void
}): SubTopology {
  const windowOf = (timestampMs: number): number => timestampMs - (timestampMs % sizeMs)
  const closeEntry = (ctx: Context, { startMs: at, key, value }: ClosedEntry): void => {
    options.onClose?.(ctx, { startMs: at, key, value })
    ctx.emit(totals, `${key}@${at}`, value as number, { timestampMs: at + sizeMs - 1 })
  }
  return defineSubTopology({
    app: 'probe',
    name: 'minutes',
    topics: [words, totals],
    sources: ['words'],
    outputs: ['totals'],
    commitIntervalMs: 100,
    ...(options.closeOnIdle === undefined ? {} : { closeOnIdle: options.closeOnIdle }),
    stores: {
      counts: {
        format: longFormat,
        kind: 'remote',
        segments: {
          closesAtMs: (at: number) => at + sizeMs,
          ...(options.closes ? { onClose: closeEntry } : {})
        }
      }
    },
    reads: ({ key, timestampMs }) => ({ counts: [segmentKey(windowOf(timestampMs), key)] }),
    on: {
      words: (ctx, { key, timestampMs }) => {
        const at = windowOf(timestampMs)
        if (at + sizeMs <= ctx.windowTimeMs) return ctx.countOperator('minutes', 'late')
        const id = segmentKey(at, key)
        const count = (ctx.get('counts', id) ?? 0) + 1
        ctx.put('counts', id, count)
        if (!options.closes) ctx.emit(totals, `${key}@${at}`, count)
      }
    }
  })
}

const say = (driver: TopologyDriver, word: string, atMs: number) =>
  driver.pipe('words', word, word, { timestampMs: startMs + atMs })

const told = (driver: TopologyDriver): [string, unknown][] =>
  driver
    .all('totals')
    .map(({ key, value }): [string, unknown] => [key, value])
    .toSorted()

describe('a window store', () => {
  test('hands each entry of a closed segment over once, also across restarts', async () => {
    const driver = createTopologyDriver([counting({ closes: true })], { startMs })
    await driver.clock.advance(1_000)
    await say(driver, 'a', 100)
    await say(driver, 'a', 200)
    await say(driver, 'b', 300)
    await driver.restart()
    expect(told(driver)).toEqual([])
    await driver.clock.advance(sizeMs)
    await say(driver, 'c', 60_100)
    await driver.run()
    await driver.restart()
    await driver.run()
    expect(told(driver)).toEqual([
      [`a@${startMs}`, 2],
      [`b@${startMs}`, 1]
    ])
    expect([...(await driver.entries('probe', 'minutes', 'counts'))]).toEqual([
      [segmentKey(startMs + sizeMs, 'c'), 1]
    ])
  })

  test('closes by the wall clock when input is idle', async () => {
    const driver = createTopologyDriver([counting({ closes: true })], { startMs })
    await driver.clock.advance(1_000)
    await say(driver, 'a', 100)
    await driver.advance(sizeMs)
    expect(told(driver)).toEqual([[`a@${startMs}`, 1]])
    expect(driver.clock.now()).toBe(startMs + sizeMs + 1_000)
  })

  test('waits for a further record when told not to close on idle', async () => {
    const driver = createTopologyDriver([counting({ closes: true, closeOnIdle: false })], {
      startMs
    })
    await driver.clock.advance(1_000)
    await say(driver, 'a', 100)
    await driver.advance(10 * sizeMs)
    expect(told(driver)).toEqual([])
    await say(driver, 'b', sizeMs)
    await driver.run()
    expect(told(driver)).toEqual([[`a@${startMs}`, 1]])
  })

  test('counts a record as late exactly when its window has closed', async () => {
    const driver = createTopologyDriver([counting({ closes: true, closeOnIdle: false })], {
      startMs
    })
    await say(driver, 'a', 59_999)
    await say(driver, 'a', 60_000)
    await say(driver, 'a', 59_999)
    expect(driver.counts.get('probe/minutes|late')).toBe(1)
    expect(told(driver)).toEqual([[`a@${startMs}`, 1]])
  })

  test('drops a closed segment whole, and a rebuild does not bring it back', async () => {
    const driver = createTopologyDriver([counting({ closes: false, closeOnIdle: false })], {
      startMs
    })
    await say(driver, 'a', 100)
    await say(driver, 'b', 60_100)
    await say(driver, 'b', 60_200)
    const left = [[segmentKey(startMs + sizeMs, 'b'), 2]]
    expect([...(await driver.entries('probe', 'minutes', 'counts'))]).toEqual(left)
    await driver.wipe('probe', 'minutes', 'counts')
    expect([...(await driver.entries('probe', 'minutes', 'counts'))]).toEqual(left)
    expect(await driver.state.segments('probe-minutes-0', 'counts')).toEqual([startMs + sizeMs])
  })

  test('notices a store wiped under it before it takes a segment for empty', async () => {
    const driver = createTopologyDriver([counting({ closes: true, closeOnIdle: false })], {
      startMs
    })
    await say(driver, 'a', 100)
    driver.state.flush()
    await expect(say(driver, 'b', 60_000)).rejects.toThrow('expected position')
    await driver.restart()
    await driver.run()
    expect(told(driver)).toEqual([[`a@${startMs}`, 1]])
  })

  test('dead-letters an entry whose close fails, and goes on', async () => {
    const onClose = (_: Context, { key }: ClosedEntry): void => {
      if (key === 'a') throw new Error('no')
    }
    const driver = createTopologyDriver([counting({ closes: true, closeOnIdle: false, onClose })], {
      startMs,
      settings: { deadLetterRatioMax: 1 }
    })
    await say(driver, 'a', 100)
    await say(driver, 'b', 100)
    await say(driver, 'c', 60_000)
    await driver.run()
    expect(told(driver)).toEqual([[`b@${startMs}`, 1]])
    expect(driver.deadLetters('words')).toHaveLength(1)
  })

  test('hands a large segment over in pages, one transaction each', async () => {
    const driver = createTopologyDriver([counting({ closes: true, closeOnIdle: false })], {
      startMs,
      settings: { closedEntriesPerCommitMax: 10 }
    })
    for (let i = 0; i < 35; i += 1) {
      driver.append('words', `w${i}`, 'x', { timestampMs: startMs })
    }
    await driver.run()
    await say(driver, 'end', 60_000)
    await driver.run()
    expect(driver.all('totals')).toHaveLength(35)
    expect(new Set(driver.all('totals').map(({ key }) => key)).size).toBe(35)
  })
})
