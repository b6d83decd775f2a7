/**
 * Token buckets by key, for what is counted by items and not by requests: a batch takes as many tokens
 * as it has items and may be granted a part of them. A bucket fills steadily and holds what `holdSeconds`
 * bring, so who was quiet may send that much at once. Counted in the memory of this process.
 *
 * @module
 */
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../core/index.ts'

/** Size of all buckets and number of keys. */
export type TokenBucketOptions = {
  clock: Pick<Clock, 'monotonic'>
  /** Tokens a second; 0 is a bucket that never runs dry. */
  perSecond: number
  /** Seconds' worth of tokens that a full bucket holds. */
  holdSeconds: number
  /** Keys remembered; the one unheard for longest is forgotten, which fills its bucket. */
  keysMax?: number
}

type Bucket = { tokens: number; filledAt: number }

/** At about 200 bytes a key, 20 MB. */
const keysMaxDefault = 100_000

/** See the module. */
export class TokenBuckets {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #perMs: number
  readonly #capacity: number
  readonly #buckets: LRUCache<string, Bucket>

  constructor({ clock, perSecond, holdSeconds, keysMax = keysMaxDefault }: TokenBucketOptions) {
    this.#clock = clock
    this.#perMs = perSecond / 1_000
    this.#capacity = perSecond * holdSeconds
    this.#buckets = new LRUCache({ max: keysMax })
  }

  /** Takes up to `wanted` whole tokens of the key; returns how many it got. */
  take(key: string, wanted: number): number {
    if (this.#perMs === 0) return wanted
    const bucket = this.#filled(key)
    const granted = Math.min(wanted, Math.floor(bucket.tokens))
    bucket.tokens -= granted
    return granted
  }

  /** Whole seconds until the key can take `wanted` tokens, or a full bucket of them; 0 is now. */
  secondsUntil(key: string, wanted: number): number {
    if (this.#perMs === 0) return 0
    const missing = Math.min(wanted, this.#capacity) - this.#filled(key).tokens
    return missing <= 0 ? 0 : Math.ceil(missing / this.#perMs / 1_000)
  }

  /** Whether the key is known and has nothing left. A key unheard of costs no memory here. */
  isEmpty(key: string): boolean {
    return this.#buckets.has(key) && this.#filled(key).tokens < 1
  }

  /** Whole tokens left, and whole seconds until the bucket is full. Right after `take`. */
  state(key: string): { tokens: number; secondsToFull: number } {
    const tokens = this.#buckets.peek(key)?.tokens ?? this.#capacity
    return {
      tokens: Math.floor(tokens),
      secondsToFull: Math.ceil((this.#capacity - tokens) / this.#perMs / 1_000)
    }
  }

  #filled(key: string): Bucket {
    const nowMs = this.#clock.monotonic()
    const known = this.#buckets.get(key)
    if (known !== undefined) {
      const gained = (nowMs - known.filledAt) * this.#perMs
      known.tokens = Math.min(this.#capacity, known.tokens + gained)
      known.filledAt = nowMs
      return known
    }
    const bucket = { tokens: this.#capacity, filledAt: nowMs }
    this.#buckets.set(key, bucket)
    return bucket
  }
}
