/**
 * Keys that clients make: UUIDv7, so that the server can tell how old one is.
 *
 * @module
 */
import type { Clock } from '../core/index.ts'

/** A fresh UUIDv7 (RFC 9562). */
export function createIdempotencyKey(clock: Pick<Clock, 'now' | 'randomBytes'>): string {
  const bytes = clock.randomBytes(16)
  bytes.writeUIntBE(clock.now(), 0, 6)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
