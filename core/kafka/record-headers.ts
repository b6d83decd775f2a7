/**
 * @module Records with headers. They are decoded when somebody asks: two headers cost more than the
 * rest of a record, and who restores state or folds values never looks.
 */

import { FatalError } from '../errors.ts'
import type { KafkaRecord } from './types.ts'
import { type Cursor, readVarint } from './varint.ts'

/** Shared by all records without headers. */
export const noHeaders: Readonly<Record<string, string>> = Object.freeze({})

type Headers = Readonly<Record<string, string>>

/** `headers` is a getter: a spread of such a record leaves it out. */
export class RecordWithHeaders implements KafkaRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly #bytes: Buffer
  #headers: Headers | null = null

  /** `bytes` begins with the count of the headers and ends with the record. */
  constructor(fields: Omit<KafkaRecord, 'headers'>, bytes: Buffer) {
    this.topic = fields.topic
    this.partition = fields.partition
    this.offset = fields.offset
    this.timestampMs = fields.timestampMs
    this.key = fields.key
    this.value = fields.value
    this.#bytes = bytes
  }

  /** Throws FatalError(HAIL_KAFKA_REFUSED) when the bytes make no sense. */
  get headers(): Headers {
    this.#headers ??= this.#decode()
    return this.#headers
  }

  #decode(): Headers {
    try {
      return readHeaders(this.#bytes)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      const place = `${this.topic}-${this.partition}@${this.offset}`
      const message = `cannot read ${place}: expected whole headers, got broken ones`
      throw new FatalError('HAIL_KAFKA_REFUSED', message, { cause: error })
    }
  }
}

/**
 * The last of several headers with one name wins; a header without a value reads as an empty
 * string.
 */
function readHeaders(bytes: Buffer): Headers {
  const cursor = { buffer: bytes, at: 0 }
  const headers: Record<string, string> = {}
  const count = readVarint(cursor)
  for (let index = 0; index < count; index += 1) {
    const name = readName(cursor, index)
    const value = readText(cursor)
    if (name === '__proto__') Object.defineProperty(headers, name, { value, enumerable: true })
    else headers[name] = value
  }
  return headers
}

function readText(cursor: Cursor): string {
  const start = moveOver(cursor)
  return cursor.buffer.toString('utf8', start, cursor.at)
}

/** The names seen last at each place: records of a topic mostly have the same, in the same order. */
const namesSeen: string[] = []
const namesSeenMax = 32

function readName(cursor: Cursor, index: number): string {
  const start = moveOver(cursor)
  const seen = namesSeen[index]
  if (seen !== undefined && isAscii(seen, cursor.buffer, start, cursor.at)) return seen
  const name = cursor.buffer.toString('utf8', start, cursor.at)
  if (index < namesSeenMax) namesSeen[index] = name
  return name
}

/** Whether the bytes are this text, letter by letter: never for letters of more than one byte. */
function isAscii(text: string, bytes: Buffer, start: number, end: number): boolean {
  if (text.length !== end - start) return false
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code > 0x7f || code !== bytes[start + index]) return false
  }
  return true
}

/** Moves behind a field and returns where it starts. */
function moveOver(cursor: Cursor): number {
  const length = Math.max(0, readVarint(cursor))
  const start = cursor.at
  cursor.at = start + length
  if (cursor.at > cursor.buffer.length) throw new RangeError('header runs past its record')
  return start
}
