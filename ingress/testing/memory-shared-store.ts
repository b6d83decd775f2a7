/**
 * The part of Redis that the shared cache uses, in memory: values expire by the given clock.
 *
 * @module
 */
import { type Clock, RetryError, systemClock } from '../../core/index.ts'
import type { SharedStore } from '../cache/index.ts'

/** `isAway` makes every command fail; `isHanging` keeps answers back for ever. */
export type MemorySharedStore = {
  readonly store: SharedStore
  readonly textByKey: Map<string, { text: string; untilMs: number }>
  isAway: boolean
  isHanging: boolean
  gets: number
  sets: number
}

/** An empty store. */
export const createMemorySharedStore = (
  clock: Pick<Clock, 'now'> = systemClock
): MemorySharedStore => {
  const textByKey = new Map<string, { text: string; untilMs: number }>()
  const reach = async (): Promise<void> => {
    if (memory.isHanging) await new Promise<never>(() => undefined)
    if (memory.isAway) throw new RetryError('HAIL_REDIS_UNAVAILABLE', 'Redis is away')
  }
  const store: SharedStore = {
    isReady: () => true,
    get: async (key) => {
      memory.gets += 1
      await reach()
      const found = textByKey.get(key)
      return found === undefined || clock.now() >= found.untilMs ? null : Buffer.from(found.text)
    },
    set: async (key, text, { ttlMs }) => {
      memory.sets += 1
      await reach()
      textByKey.set(key, { text, untilMs: clock.now() + ttlMs })
    }
  }
  const memory: MemorySharedStore = {
    store,
    textByKey,
    isAway: false,
    isHanging: false,
    gets: 0,
    sets: 0
  }
  return memory
}
