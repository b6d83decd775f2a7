/**
 * Many arguments of a script packed into few, as MessagePack: `cmsgpack.unpack` of one returns
 * them all. One by one, 1,000 small fields cost Redis 2.4 ms and the caller 1.9 ms of CPU; packed,
 * 1.5 ms and 0.5 ms.
 *
 * @module
 */

import { constants } from 'node:buffer'
import { assertThat } from '../errors.ts'

const raw16 = 0xda
const raw32 = 0xdb
const double = 0xcb
const raw16BytesMax = 0xffff
const firstArenaBytes = 4 * 1024
const arenaBytes = 64 * 1024
/** A UTF-16 code unit takes at most this many bytes of UTF-8. */
const bytesPerUnitMax = 3

/** Collects arguments; `take` hands them out as one. */
export class ArgumentPacker {
  #arena = Buffer.allocUnsafe(firstArenaBytes)
  #start = 0
  #at = 0

  /** Bytes packed since the last `take`. */
  get size(): number {
    return this.#at - this.#start
  }

  string(value: string): void {
    const max = value.length * bytesPerUnitMax
    if (max > raw16BytesMax) {
      this.buffer(Buffer.from(value, 'utf8'))
      return
    }
    this.#reserve(max + 3)
    const length = this.#arena.write(value, this.#at + 3)
    this.#header16(length)
    this.#at += length
  }

  buffer(value: Buffer): void {
    this.#reserve(value.length + 5)
    if (value.length <= raw16BytesMax) {
      this.#header16(value.length)
    } else {
      this.#arena[this.#at] = raw32
      this.#arena.writeUInt32BE(value.length, this.#at + 1)
      this.#at += 5
    }
    this.#arena.set(value, this.#at)
    this.#at += value.length
  }

  /** Redis turns it into the shortest text that reads back as the same number. */
  number(value: number): void {
    this.#reserve(9)
    this.#arena[this.#at] = double
    this.#arena.writeDoubleBE(value, this.#at + 1)
    this.#at += 9
  }

  /** Everything since the last call, as one argument. */
  take(): Buffer {
    const packed = this.#arena.subarray(this.#start, this.#at)
    this.#start = this.#at
    return packed
  }

  #header16(length: number): void {
    const arena = this.#arena
    arena[this.#at] = raw16
    arena[this.#at + 1] = length >> 8
    arena[this.#at + 2] = length & 0xff
    this.#at += 3
  }

  /** What was taken stays where it is; what was not moves to a larger arena. */
  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#arena.length) return
    const kept = this.size
    const wanted = Math.max(arenaBytes, 2 * (kept + bytes))
    assertThat(wanted <= constants.MAX_LENGTH, `cannot pack ${wanted} bytes into one argument`)
    const larger = Buffer.allocUnsafe(wanted)
    larger.set(this.#arena.subarray(this.#start, this.#at))
    this.#arena = larger
    this.#start = 0
    this.#at = kept
  }
}
