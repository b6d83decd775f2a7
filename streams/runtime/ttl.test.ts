import { describe, expect, test } from 'vitest'
import { createTopologyDriver } from '../../test/support/index.ts'
import { defineSubTopology, longFormat, readTtl, stampTtl, stringFormat } from './index.ts'

const startMs = 1_700_000_000_000
const ttlMs = 60_000

const visits = { name: 'visits', partitions: 1, format: stringFormat } as const
const streaks = { name: 'streaks', partitions: 1, format: longFormat } as const

/** Counts visits that are less than a minute apart. */
function counting(kind: 'remote' | 'resident') {
  return defineSubTopology({
    app: 'probe',
    name: 'visits',
    topics: [visits, streaks],
    sources: ['visits'],
    outputs: ['streaks'],
    commitIntervalMs: 100,
    closeOnIdle: false,
    stores: { streaks: { format: longFormat, kind, ttlMs } },
    on: {
      visits: (ctx, { key }) => {
        const streak = (ctx.get('streaks', key) ?? 0) + 1
        ctx.put('streaks', key, streak)
        ctx.emit(streaks, key, streak)
      }
    }
  })
}

describe('a store with a TTL', () => {
  for (const kind of ['remote', 'resident'] as const) {
    test(`${kind}: reads an entry not written for so long as absent, to the millisecond`, async () => {
      const driver = createTopologyDriver([counting(kind)], { startMs })
      for (const atMs of [0, 59_999, 119_998, 179_998]) {
        await driver.pipe('visits', 'a', '', { timestampMs: startMs + atMs })
      }
      expect(driver.all('streaks').map(({ value }) => value)).toEqual([1, 2, 3, 1])
    })

    test(`${kind}: sweeps what has expired with tombstones, so that a rebuild is as small`, async () => {
      const driver = createTopologyDriver([counting(kind)], { startMs })
      for (let i = 0; i < 50; i += 1) {
        await driver.pipe('visits', `k${i}`, '', { timestampMs: startMs })
      }
      await driver.pipe('visits', 'last', '', { timestampMs: startMs + ttlMs })
      for (let round = 0; round < 10; round += 1) await driver.advance(2_000)
      expect([...(await driver.entries('probe', 'visits', 'streaks'))]).toEqual([['last', 1]])
      await driver.wipe('probe', 'visits', 'streaks')
      expect([...(await driver.entries('probe', 'visits', 'streaks'))]).toEqual([['last', 1]])
    })
  }

  test('keeps the time of the last write beside the value', () => {
    const stamped = stampTtl(Buffer.from('x'), startMs)
    expect(readTtl(stamped)).toEqual({ writtenAtMs: startMs, payload: Buffer.from('x') })
  })
})
