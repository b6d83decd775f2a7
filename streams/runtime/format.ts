/**
 * @module How values of topics and stores are written: records of the Avro catalogue in the
 * registry's wire format, and plain formats for topics and stores outside of it.
 */
import { type Codec, payloadBytesMax, type RecordName, type Records } from '../../avro/index.ts'
import { isHailError, SkipToDlqError } from '../../core/index.ts'

/** Writes and reads one kind of value. Both directions are synchronous and keep nothing. */
export interface Format<V> {
  /** Shown in descriptions; a change of name counts as a change of the format. */
  readonly name: string
  /** The record of the catalogue, where it is one: its schema is registered. */
  readonly record?: RecordName
  /** @throws SkipToDlqError HAIL_ENCODE when the value does not fit */
  encode(value: V, codec: Codec): Buffer
  /**
   * @throws SkipToDlqError HAIL_DECODE when the bytes are no such value; UnknownSchemaError when a
   * schema has to be learnt first
   */
  decode(bytes: Buffer, codec: Codec): V
}

/** Bytes of a value that still fits into a record batch of a broker with default settings. */
const valueBytesMax = payloadBytesMax

/**
 * Encodes a value whatever its format does wrong.
 * @throws SkipToDlqError HAIL_ENCODE when it cannot be encoded or is too large for a record
 */
export function encodeWith<V>(format: Format<V>, value: V, codec: Codec): Buffer {
  let bytes: Buffer
  try {
    bytes = format.encode(value, codec)
  } catch (cause) {
    if (isHailError(cause)) throw cause
    throw new SkipToDlqError('HAIL_ENCODE', `expected a value of ${format.name}`, { cause })
  }
  if (bytes.length <= valueBytesMax) return bytes
  throw new SkipToDlqError(
    'HAIL_ENCODE',
    `expected at most ${valueBytesMax} bytes of ${format.name}, got ${bytes.length}`
  )
}

const recordFormats = new Map<RecordName, Format<unknown>>()

/** A record of the catalogue: Confluent framing, resolved to this program's schema when read. */
export function recordFormat<R extends RecordName>(record: R): Format<Records[R]> {
  const known = recordFormats.get(record)
  if (known) return known as Format<Records[R]>
  const made: Format<Records[R]> = {
    name: record,
    record,
    encode: (value, codec) => codec.encode(record, value),
    decode: (bytes, codec) => codec.decode(record, bytes)
  }
  recordFormats.set(record, made as Format<unknown>)
  return made
}

/**
 * Bytes as they are. A decoded value is a slice of what was fetched: copy it to keep it beyond its
 * handler. A store copies what is put into it.
 */
export const bytesFormat: Format<Buffer> = {
  name: 'bytes',
  encode: (value) => value,
  decode: (bytes) => bytes
}

/** UTF-8 text. */
export const stringFormat: Format<string> = {
  name: 'string',
  encode: (value) => Buffer.from(value, 'utf8'),
  decode: (bytes) => bytes.toString('utf8')
}

/** A safe integer as 8 bytes, big endian, as Kafka's LongSerializer writes it. */
export const longFormat: Format<number> = {
  name: 'long',
  encode: (value) => {
    if (!Number.isSafeInteger(value)) {
      throw new SkipToDlqError('HAIL_ENCODE', `expected a safe integer, got ${value}`)
    }
    const bytes = Buffer.allocUnsafe(8)
    const high = Math.floor(value / 2 ** 32)
    bytes.writeInt32BE(high, 0)
    bytes.writeUInt32BE(value - high * 2 ** 32, 4)
    return bytes
  },
  decode: (bytes) => {
    const value = bytes.length === 8 ? bytes.readInt32BE(0) * 2 ** 32 + bytes.readUInt32BE(4) : NaN
    if (!Number.isSafeInteger(value)) {
      throw new SkipToDlqError(
        'HAIL_DECODE',
        `expected 8 bytes of a safe integer, got ${bytes.length}`
      )
    }
    return value
  }
}

/** JSON text. `check` refuses values that are not of the type. */
export function jsonFormat<V>(name: string, check?: (value: unknown) => value is V): Format<V> {
  return {
    name: `json:${name}`,
    encode: (value) => Buffer.from(JSON.stringify(value), 'utf8'),
    decode: (bytes) => {
      let value: unknown
      try {
        value = JSON.parse(bytes.toString('utf8'))
      } catch (cause) {
        throw new SkipToDlqError('HAIL_DECODE', `expected JSON of ${name}, got something else`, {
          cause
        })
      }
      if (check && !check(value)) {
        throw new SkipToDlqError('HAIL_DECODE', `expected a ${name}, got other JSON`)
      }
      return value as V
    }
  }
}
