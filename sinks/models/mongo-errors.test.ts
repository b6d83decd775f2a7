import { mongo } from 'mongoose'
import { describe, expect, test } from 'vitest'
import { isMongoOutage } from './mongo-errors.ts'

const {
  MongoBulkWriteError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
  MongoInvalidArgumentError
} = mongo

const server = (code: number) => new MongoServerError({ message: 'no', code })

describe('an outage of MongoDB', () => {
  test.each([
    ['a broken connection', new MongoNetworkError('reset')],
    ['no server to ask', new MongoServerSelectionError('none', {} as never)],
    ['a former primary', server(10_107)],
    ['an election', server(189)],
    ['a missing right, which an operator gives back', server(13)],
    ['a disk that is full', server(14_031)],
    ['a broken connection inside a bulk write', bulkError(new MongoNetworkError('reset'))],
    ['an outage as a cause', new Error('wrapped', { cause: new MongoNetworkError('reset') })]
  ])('is %s', (_what, error) => {
    expect(isMongoOutage(error)).toBe(true)
  })

  test.each([
    ['a duplicate key', server(11_000)],
    ['a document too large', server(10_334)],
    ['a failed validation', server(121)],
    ['an argument that cannot be sent', new MongoInvalidArgumentError('no')],
    ['a document that cannot be serialised', new RangeError('too large')],
    ['nothing', null],
    ['text', 'MongoNetworkError']
  ])('is not %s', (_what, error) => {
    expect(isMongoOutage(error)).toBe(false)
  })
})

/** As the driver wraps whatever ends a bulk write, dropping its class. */
function bulkError(error: Error): Error {
  return new MongoBulkWriteError(error as never, { insertedCount: 0 } as never)
}
