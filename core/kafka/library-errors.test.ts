import { describe, expect, test } from 'vitest'
import { FatalError } from '../errors.ts'
import { errorOfCode, loadKafkajs } from './library.ts'
import { errorTypes, isRetriable, toKafkaError, toTransactionError } from './library-errors.ts'

class LibraryError extends Error {
  readonly type: string | undefined
  constructor(name: string, options: { type?: string; cause?: unknown } = {}) {
    super('text that nobody matches on', { cause: options.cause })
    this.name = name
    this.type = options.type
  }
}

const wrapped = (type: string) =>
  new LibraryError('KafkaJSNumberOfRetriesExceeded', {
    cause: new LibraryError('KafkaJSProtocolError', { type })
  })

describe('transaction errors', () => {
  test.each([
    'INVALID_PRODUCER_EPOCH',
    'PRODUCER_FENCED',
    'INVALID_PRODUCER_ID_MAPPING',
    'INVALID_TXN_STATE'
  ])('is fenced by %s, however deep', (type) => {
    expect(toTransactionError(wrapped(type), 'commit t-0')).toMatchObject({
      code: 'HAIL_FENCED',
      reaction: 'migrate'
    })
  })

  test('knows the codes that are newer than the library', () => {
    loadKafkajs()
    const fenced = toTransactionError(errorOfCode(90), 'commit t-0')
    expect(fenced).toMatchObject({ code: 'HAIL_FENCED', reaction: 'migrate' })
    expect(toTransactionError(errorOfCode(120), 'commit t-0').message).toMatch(
      /may or may not have happened: TRANSACTION_ABORTABLE$/
    )
    expect(isRetriable(errorOfCode(89))).toBe(true)
  })

  test.each(['CONCURRENT_TRANSACTIONS', 'UNKNOWN', 'NOT_LEADER_FOR_PARTITION'])(
    'leaves the outcome unknown after %s',
    (type) => {
      const cause = wrapped(type)
      const error = toTransactionError(cause, 'commit t-0')
      expect(error).toMatchObject({ code: 'HAIL_UNKNOWN_OUTCOME', reaction: 'corrupt', cause })
      expect(error.message).toContain(type)
    }
  )
})

describe('transaction errors that cannot end otherwise', () => {
  test.each([
    'MESSAGE_TOO_LARGE',
    'RECORD_LIST_TOO_LARGE',
    'INVALID_RECORD',
    'TOPIC_AUTHORIZATION_FAILED',
    'TRANSACTIONAL_ID_AUTHORIZATION_FAILED'
  ])('are fatal after %s', (type) => {
    const cause = wrapped(type)
    const error = toTransactionError(cause, 'send records of t-0')
    expect(error).toMatchObject({ code: 'HAIL_KAFKA_REFUSED', reaction: 'fatal', cause })
    expect(error.message).toContain(type)
  })

  test('are fenced all the same when the producer was overtaken', () => {
    const cause = new LibraryError('Aggregate', {
      type: 'MESSAGE_TOO_LARGE',
      cause: wrapped('INVALID_PRODUCER_EPOCH')
    })
    expect(toTransactionError(cause, 'commit t-0').code).toBe('HAIL_FENCED')
  })
})

describe('whether another try could end otherwise', () => {
  const marked = (retriable: boolean) => Object.assign(new Error('marked'), { retriable })
  test.each([
    [marked(true), true],
    [marked(false), false],
    [new Error('a cut connection'), true],
    [new TypeError('a bug'), false],
    [new FatalError('HAIL_KAFKA_REFUSED', 'ours'), false],
    ['a text', false]
  ])('is told of %s: %s', (error, expected) => {
    expect(isRetriable(error)).toBe(expected)
  })
})

describe('other errors', () => {
  test('of ours stay what they are', () => {
    const own = new FatalError('HAIL_ASSERTION', 'ours')
    expect(toKafkaError(own, 'write')).toBe(own)
  })

  test('are fatal when Kafka refused, else worth another try', () => {
    expect(toKafkaError(wrapped('TOPIC_AUTHORIZATION_FAILED'), 'write').code).toBe(
      'HAIL_KAFKA_REFUSED'
    )
    expect(toKafkaError(wrapped('NOT_ENOUGH_REPLICAS'), 'write').code).toBe(
      'HAIL_KAFKA_UNAVAILABLE'
    )
    expect(toKafkaError('a text', 'write').code).toBe('HAIL_KAFKA_UNAVAILABLE')
  })

  test('are searched through causes and parts, also when they run in a circle', () => {
    const circle = new LibraryError('Circle')
    circle.cause = circle
    expect(new Set(errorTypes(circle))).toEqual(new Set(['Circle']))
    const parts = {
      name: 'Aggregate',
      groups: [{ error: new LibraryError('Part', { type: 'ONE' }) }]
    }
    expect(errorTypes(parts)).toEqual(['Aggregate', 'ONE', 'Part'])
  })
})
