/**
 * @module Formats made of other formats: a value with its timestamp, as aggregates are stored, and a
 * table's change, as it travels between sub-topologies.
 */
import type { Codec } from '../../avro/index.ts'
import { SkipToDlqError } from '../../core/index.ts'
import type { Format } from '../runtime/index.ts'
import type { Timestamped } from './handle.ts'

const stampBytes = 8

/** 8 bytes of the timestamp (a double, big endian: any epoch ms, exactly), then the value. */
export function timestampedFormat<V>(format: Format<V>): Format<Timestamped<V>> {
  return {
    name: `timestamped:${format.name}`,
    encode: ({ value, timestampMs }, codec) => {
      const inner = format.encode(value, codec)
      const bytes = Buffer.allocUnsafe(stampBytes + inner.length)
      bytes.writeDoubleBE(timestampMs, 0)
      bytes.set(inner, stampBytes)
      return bytes
    },
    decode: (bytes, codec) => {
      if (bytes.length < stampBytes) throw tooShort('a timestamped value', bytes.length)
      const value = format.decode(bytes.subarray(stampBytes), codec)
      return { value, timestampMs: bytes.readDoubleBE(0) }
    }
  }
}

/** What happened to an entry of a table; null for none. */
export interface Change<V> {
  readonly value: V | null
  readonly old: V | null
}

/** The new and the old value, each with its length before it. */
export function changeFormat<V>(format: Format<V>): Format<Change<V>> {
  return {
    name: `change:${format.name}`,
    encode: ({ value, old }, codec) =>
      Buffer.concat([...framed(format, value, codec), ...framed(format, old, codec)]),
    decode: (bytes, codec) => {
      const reader = new FrameReader(bytes)
      return { value: reader.value(format, codec), old: reader.value(format, codec) }
    }
  }
}

/** Length of a value that is absent. */
const absent = 0xffffffff

/** A value that may be null, with its length before it. */
export function framed<V>(format: Format<V>, value: V | null, codec: Codec): Buffer[] {
  const length = Buffer.allocUnsafe(4)
  if (value === null) {
    length.writeUInt32BE(absent, 0)
    return [length]
  }
  const bytes = format.encode(value, codec)
  length.writeUInt32BE(bytes.length, 0)
  return [length, bytes]
}

/** Reads numbers and framed values one after the other. */
export class FrameReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  /** @throws SkipToDlqError HAIL_DECODE when the bytes end before */
  number(): number {
    const at = this.#take(8)
    return this.#bytes.readDoubleBE(at)
  }

  /** @throws SkipToDlqError HAIL_DECODE when the bytes end before */
  value<V>(format: Format<V>, codec: Codec): V | null {
    const length = this.#bytes.readUInt32BE(this.#take(4))
    if (length === absent) return null
    const at = this.#take(length)
    return format.decode(this.#bytes.subarray(at, at + length), codec)
  }

  #take(count: number): number {
    const at = this.#at
    this.#at += count
    if (this.#at > this.#bytes.length) throw tooShort('a framed value', this.#bytes.length)
    return at
  }
}

/** 8 bytes of a number. */
export function numberBytes(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeDoubleBE(value, 0)
  return bytes
}

function tooShort(what: string, got: number): SkipToDlqError {
  return new SkipToDlqError('HAIL_DECODE', `expected ${what}, got ${got} bytes`)
}
