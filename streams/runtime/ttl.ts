/**
 * @module The stamp before each value of a store with a time to live: the window time at which it
 * was written, 8 bytes, big endian, epoch ms. It travels with the value through changelog and
 * backend.
 */
import { SkipToDlqError } from '../../core/index.ts'

const stampBytes = 8

/** A value with its stamp taken off. */
export interface StampedValue {
  /** Window time of the write, epoch ms. */
  readonly writtenAtMs: number
  /** A slice of the stamped bytes. */
  readonly payload: Buffer
}

/** @param atMs window time of the write, a safe integer of epoch ms, not negative */
export function stampTtl(bytes: Buffer, atMs: number): Buffer {
  const stamped = Buffer.allocUnsafe(stampBytes + bytes.length)
  const high = Math.floor(atMs / 2 ** 32)
  stamped.writeUInt32BE(high, 0)
  stamped.writeUInt32BE(atMs - high * 2 ** 32, 4)
  stamped.set(bytes, stampBytes)
  return stamped
}

/** @throws SkipToDlqError HAIL_DECODE when there is no stamp */
export function readTtl(bytes: Buffer): StampedValue {
  if (bytes.length < stampBytes) {
    throw new SkipToDlqError(
      'HAIL_DECODE',
      `expected a value with a stamp of ${stampBytes} bytes, got ${bytes.length} bytes`
    )
  }
  const writtenAtMs = bytes.readUInt32BE(0) * 2 ** 32 + bytes.readUInt32BE(4)
  return { writtenAtMs, payload: bytes.subarray(stampBytes) }
}
