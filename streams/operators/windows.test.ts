import { describe, expect, test } from 'vitest'
import { hopping, type LateRecord, session, sliding, tumbling } from './index.ts'
import { drive, numberResults, numbers, otherResults, pairs, results } from './testing/program.ts'

const minutes = tumbling({ sizeMs: 60_000, graceMs: 10_000 })

describe('a windowed count', () => {
  test('counts each key and window, the newest of each commit', async () => {
    const driver = drive((builder) =>
      builder
        .stream(numbers)
        .groupByKey()
        .windowedBy(minutes)
        .count({ name: 'counts' })
        .toStream()
        .to(numberResults)
    )
    for (const timestampMs of [5_000, 59_999, 60_000]) {
      driver.append('numbers', 'a', 1, { timestampMs })
    }
    await driver.run()
    expect(results(driver, numberResults)).toEqual([
      ['a@0', 2, 59_999],
      ['a@60000', 1, 60_000]
    ])
    expect(await driver.store('probe', 'numbers', 'counts', '0|a')).toEqual({
      value: 2,
      timestampMs: 59_999
    })
  })

  test('closes by the wall clock when input is idle', async () => {
    const driver = drive((builder) =>
      builder
        .stream(numbers)
        .groupByKey()
        .windowedBy(minutes)
        .count({ name: 'counts', emit: 'close' })
        .toStream()
        .to(numberResults)
    )
    await driver.pipe('numbers', 'a', 1, { timestampMs: 5_000 })
    await driver.advance(69_999)
    expect(pairs(driver, numberResults)).toEqual([])
    await driver.advance(1)
    expect(results(driver, numberResults)).toEqual([['a@0', 1, 5_000]])
    await driver.advance(200_000)
    expect(pairs(driver, numberResults)).toEqual([])
    expect(await driver.entries('probe', 'numbers', 'counts')).toEqual(new Map())
  })

  test('counts late records, hands them to a callback and writes them to a topic once', async () => {
    const late: LateRecord<number>[] = []
    const driver = drive((builder) =>
      builder
        .stream(numbers)
        .groupByKey()
        .windowedBy(hopping({ sizeMs: 100, advanceMs: 50, graceMs: 10 }))
        .count({
          name: 'counts',
          emit: 'close',
          late: { to: otherResults, run: (record) => late.push(record) }
        })
        .toStream()
        .to(numberResults)
    )
    await driver.pipe('numbers', 'a', 1, { timestampMs: 300 })
    await driver.pipe('numbers', 'a', 7, { timestampMs: 160 })
    await driver.pipe('numbers', 'a', 8, { timestampMs: 260 })
    expect(late).toEqual([
      { value: 7, timestampMs: 160, window: { key: 'a', startMs: 100, endMs: 200 } },
      { value: 7, timestampMs: 160, window: { key: 'a', startMs: 150, endMs: 250 } }
    ])
    expect(results(driver, otherResults)).toEqual([['a', 7, 160]])
  })
})

describe('a session', () => {
  const counting = (emit: 'update' | 'close', graceMs: number) =>
    drive((builder) =>
      builder
        .stream(numbers)
        .groupByKey()
        .windowedBy(session({ gapMs: 100, graceMs }))
        .count({ name: 'visits', emit })
        .toStream()
        .to(numberResults, { key: ({ key, startMs, endMs }) => `${key}@${startMs}-${endMs}` })
    )

  test('takes back its results under former bounds where it grows', async () => {
    const driver = counting('update', 100)
    await driver.pipe('numbers', 'a', 1, { timestampMs: 0 })
    await driver.pipe('numbers', 'a', 1, { timestampMs: 150 })
    await driver.pipe('numbers', 'a', 1, { timestampMs: 80 })
    expect(pairs(driver, numberResults)).toEqual([
      ['a@0-1', 1],
      ['a@150-151', 1],
      ['a@0-1', null],
      ['a@150-151', null],
      ['a@0-151', 3]
    ])
  })

  test('takes nothing back that nobody has seen', async () => {
    const driver = counting('update', 100)
    for (const timestampMs of [0, 150, 80]) driver.append('numbers', 'a', 1, { timestampMs })
    await driver.run()
    expect(pairs(driver, numberResults)).toEqual([['a@0-151', 3]])
  })

  test('is left as it is once it has closed, also by a record closer than the gap', async () => {
    const driver = counting('update', 0)
    for (const timestampMs of [0, 150, 80]) {
      await driver.pipe('numbers', 'a', 1, { timestampMs })
    }
    expect(pairs(driver, numberResults)).toEqual([
      ['a@0-1', 1],
      ['a@150-151', 1],
      ['a@150-151', null],
      ['a@80-151', 2]
    ])
  })

  test('is forwarded once at its close, by the wall clock too, and leaves nothing', async () => {
    const driver = counting('close', 0)
    for (const timestampMs of [0, 90, 60]) await driver.pipe('numbers', 'a', 1, { timestampMs })
    await driver.advance(189)
    expect(pairs(driver, numberResults)).toEqual([])
    await driver.advance(25)
    expect(results(driver, numberResults)).toEqual([['a@0-91', 3, 90]])
    await driver.advance(1_000)
    expect(pairs(driver, numberResults)).toEqual([])
    expect(await driver.entries('probe', 'numbers', 'visits')).toEqual(new Map())
    expect(await driver.entries('probe', 'numbers', 'visits_closings')).toEqual(new Map())
  })
})

describe('a sliding window', () => {
  const counting = (emit: 'update' | 'close') =>
    drive((builder) =>
      builder
        .stream(numbers)
        .groupByKey()
        .windowedBy(sliding({ sizeMs: 10, graceMs: 20 }))
        .count({ name: 'bursts', emit })
        .toStream()
        .to(numberResults, { key: ({ key, startMs, endMs }) => `${key}@${startMs}-${endMs}` })
    )

  test('ends with each record, and a record joins the windows that hold it', async () => {
    const driver = counting('update')
    for (const timestampMs of [0, 8, 15]) await driver.pipe('numbers', 'a', 1, { timestampMs })
    expect(pairs(driver, numberResults)).toEqual([
      ['a@-10-1', 1],
      ['a@-2-9', 2],
      ['a@5-16', 2]
    ])
    await driver.pipe('numbers', 'a', 1, { timestampMs: 6 })
    expect(pairs(driver, numberResults)).toEqual([
      ['a@-4-7', 2],
      ['a@-2-9', 3],
      ['a@5-16', 3]
    ])
  })

  test('is forwarded once at its close and leaves nothing', async () => {
    const driver = counting('close')
    for (const timestampMs of [0, 8, 15, 6]) {
      await driver.pipe('numbers', 'a', 1, { timestampMs })
    }
    await driver.advance(500)
    expect(pairs(driver, numberResults)).toEqual([
      ['a@-10-1', 1],
      ['a@-4-7', 2],
      ['a@-2-9', 3],
      ['a@5-16', 3]
    ])
    expect(await driver.entries('probe', 'numbers', 'bursts')).toEqual(new Map())
  })
})
