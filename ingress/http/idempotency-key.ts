/**
 * The `Idempotency-Key` of a client: a UUIDv7, so that its age can be seen without keeping it. Ids of
 * rides, sign-ups and actions derive from it; a key older than the deduplication horizon is refused
 * because its first use may have been forgotten.
 *
 * @module
 */
import type { Clock } from '../../core/index.ts'
import { Problem } from './problem.ts'

const uuidV7Pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** A phone's clock may run ahead by this; more would stretch the horizon. */
const aheadMsMax = 3_600_000

/** Checks the key against the horizon `ageMsMax`; returns it in lower case. */
export const parseIdempotencyKey = (
  raw: string,
  { nowMs, ageMsMax }: { nowMs: number; ageMsMax: number }
): string => {
  const key = raw.trim().toLowerCase()
  if (!uuidV7Pattern.test(key)) {
    throw new Problem('idempotency_key_invalid', { detail: 'Expected a UUIDv7' })
  }
  const madeAt = uuidV7Time(key)
  if (madeAt < nowMs - ageMsMax) {
    throw new Problem('idempotency_key_expired', {
      detail: `Expected a UUIDv7 not older than ${Math.round(ageMsMax / 3_600_000)} h, make a new one`
    })
  }
  if (madeAt > nowMs + aheadMsMax) {
    throw new Problem('idempotency_key_invalid', {
      detail: 'Expected a UUIDv7 not from the future'
    })
  }
  return key
}

/** Epoch milliseconds in a UUIDv7. */
export const uuidV7Time = (uuid: string): number =>
  Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16)

/** A fresh UUIDv7, for requests whose client sent no key. */
export const createUuidV7 = (clock: Pick<Clock, 'now' | 'randomBytes'>): string => {
  const bytes = clock.randomBytes(16)
  bytes.writeUIntBE(clock.now(), 0, 6)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return [8, 12, 16, 20, 32]
    .map((end, index, ends) => hex.slice(index === 0 ? 0 : ends[index - 1], end))
    .join('-')
}
