/**
 * What an answer says of its age when it is not as fresh as usual.
 *
 * @module
 */
import type { Clock } from '../../core/index.ts'
import type { Dated } from '../cache/index.ts'

/**
 * `x-degraded: stale` with `age` in seconds where the source is away and an old value was given, `live`
 * where the live stores are away and history answered alone; nothing for a usual answer.
 */
export const freshnessHeaders = (
  clock: Pick<Clock, 'now'>,
  { atMs, isStale }: Pick<Dated<unknown>, 'atMs' | 'isStale'>,
  isWithoutLive = false
): Record<string, string> | undefined => {
  if (!isStale && !isWithoutLive) return undefined
  const degraded = [...(isStale ? ['stale'] : []), ...(isWithoutLive ? ['live'] : [])].join(', ')
  const age = String(Math.max(0, Math.floor((clock.now() - atMs) / 1_000)))
  return { 'x-degraded': degraded, ...(isStale ? { age } : {}) }
}
