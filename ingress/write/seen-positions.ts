/**
 * The positions of each driver that were acknowledged last, by the device's time: a phone that got no
 * answer sends its batch again, and what was kept need not be kept twice. A hint only: it is bounded,
 * lives in one process, and whoever reads positions takes the newest by device time anyway.
 *
 * @module
 */
import { LRUCache } from 'lru-cache'

type Seen = { newest: number; times: readonly number[] }

/** Drivers remembered; with full lists of 8 bytes a time, 16 MB. */
const driversMax = 10_000
/** Times remembered of a driver: those of one full batch. */
const timesMax = 200

/** See the module. */
export class SeenPositions {
  readonly #seenByDriver = new LRUCache<string, Seen>({ max: driversMax })

  /** A test of the driver's device times (epoch ms): whether one was acknowledged lately. */
  of(driverId: string): (deviceTime: number) => boolean {
    const seen = this.#seenByDriver.get(driverId)
    if (seen === undefined) return isNew
    // Times run forward, so the search is for repeats alone.
    return (deviceTime) => deviceTime <= seen.newest && seen.times.includes(deviceTime)
  }

  /** Remembers acknowledged positions. */
  add(driverId: string, times: readonly number[]): void {
    if (times.length === 0) return
    const before = this.#seenByDriver.get(driverId)
    this.#seenByDriver.set(driverId, {
      newest: Math.max(before?.newest ?? 0, ...times),
      times: [...times, ...(before?.times ?? [])].slice(0, timesMax)
    })
  }
}

const isNew = (): boolean => false
