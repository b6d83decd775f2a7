import { describe, expect, test } from 'vitest'
import { longFormat, stringFormat } from '../runtime/index.ts'
import { createStreamsBuilder, tumbling } from './index.ts'
import { numberResults, numbers, texts } from './testing/program.ts'

const aBuilder = () => createStreamsBuilder({ app: 'probe', commitIntervalMs: 100 })
const minutes = tumbling({ sizeMs: 60_000, graceMs: 0 })

describe('the builder', () => {
  test('cuts a program at its topics and names what it makes', () => {
    const builder = aBuilder()
    builder
      .stream(texts, { name: 'words' })
      .flatMapValues((line) => line.split(' '))
      .groupBy((word) => word, { name: 'by_word', format: stringFormat, partitions: 4 })
      .windowedBy(minutes)
      .count({ name: 'counts' })
      .toStream()
      .to(numberResults)
    const [words, byWord] = builder.build()
    expect(words).toMatchObject({
      id: 'probe-words',
      sources: ['texts'],
      outputs: ['probe-by_word-repartition'],
      partitions: 1,
      stores: {}
    })
    expect(byWord).toMatchObject({
      id: 'probe-by_word',
      sources: ['probe-by_word-repartition'],
      outputs: ['number_results'],
      partitions: 4
    })
    expect(Object.keys(byWord?.stores ?? {})).toEqual(['counts'])
    expect(byWord?.topic('probe-by_word-repartition')).toMatchObject({ isInternal: true })
    expect(byWord?.operators.map(({ kind, name }) => [kind, name])).toEqual([
      ['source', 'by_word'],
      ['count tumbling', 'counts'],
      ['toStream', null],
      ['to', null]
    ])
  })

  test('keeps streams apart that nothing joins', () => {
    const builder = aBuilder()
    builder.stream(texts).to(texts)
    builder.stream(numbers).to(numberResults)
    expect(builder.build().map(({ name }) => name)).toEqual(['texts', 'numbers'])
  })

  test('reads for a record the keys of all operators below its source', () => {
    const builder = aBuilder()
    const grouped = builder.stream(numbers).groupByKey()
    grouped.count({ name: 'counts' })
    grouped.windowedBy(minutes).count({ name: 'minutely' })
    const [built] = builder.build()
    const record = {
      topic: 'numbers',
      key: 'a',
      value: 1,
      timestampMs: 125_000,
      partition: 0,
      offset: 0n,
      headers: {}
    }
    expect(built?.reads?.(record)).toEqual({ counts: ['a'], minutely: ['120000|a'] })
  })
})

test('topics of the catalogue are named and typed by it', () => {
  const builder = aBuilder()
  const closed = builder.stream('trips_closed').filter((ride) => ride.closedAt > 0)
  closed.to('trips_closed')
  closed.groupByKey().count({ name: 'rides' }).toStream().to(numberResults)
  // @ts-expect-error the values are no bills
  closed.to('bills')
  const [built] = builder.build()
  expect(built?.sources).toEqual(['trips_closed'])
  expect(built?.topics.map(({ name }) => name)).toEqual(['number_results'])
})

describe('the builder refuses', () => {
  test('an aggregate of changed keys without a repartition', () => {
    const rekeyed = aBuilder()
      .stream(numbers)
      .selectKey((n) => String(n))
    expect(() => rekeyed.groupByKey()).toThrow(/whose key was changed; put \.repartition/)
    expect(() => rekeyed.toTable({ name: 't' })).toThrow(/repartition/)
    expect(() =>
      rekeyed.repartition({ name: 'again' }).groupByKey().count({ name: 'c' })
    ).not.toThrow()
  })

  test('windows over the timestamps of results', () => {
    const changes = aBuilder().stream(numbers).groupByKey().count({ name: 'counts' }).toStream()
    expect(() => changes.groupByKey().windowedBy(minutes)).toThrow(/timestamps/)
  })

  test('a name that is taken or none, and values of unknown format', () => {
    const grouped = aBuilder().stream(numbers).groupByKey()
    grouped.count({ name: 'counts' })
    expect(() => grouped.count({ name: 'counts' })).toThrow(/a second time/)
    expect(() => grouped.count({ name: 'Two Words' })).toThrow(/a-z/)
    const mapped = aBuilder()
      .stream(numbers)
      .mapValues((n) => `${n}`)
    expect(() => mapped.toTable({ name: 't' })).toThrow(/format/)
  })

  test('sources that are not co-partitioned', () => {
    const builder = aBuilder()
    const wide = { name: 'wide', partitions: 7, format: longFormat }
    builder.stream(numbers).merge(builder.stream(wide)).to(numberResults)
    expect(() => builder.build()).toThrow(/co-partitioned/)
  })

  test('two sub-topologies or two sources of one name', () => {
    const builder = aBuilder()
    builder.stream(numbers, { name: 'same' })
    builder.stream(texts, { name: 'same' })
    expect(() => builder.build()).toThrow(/"same" twice/)
    expect(() => builder.stream(numbers, { name: 'other' })).toThrow(/one name/)
  })

  test('a program without a source', () => {
    expect(() => aBuilder().build()).toThrow(/a source/)
  })
})
