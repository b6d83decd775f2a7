/**
 * @module The one batched read of a cycle: every key its inputs need and memory does not hold, with
 * the stores' positions in the same call, so that a wiped or rolled-back backend is noticed before
 * anything is computed.
 */
import { learning } from '../../avro/index.ts'
import { type RunningTask, surprise } from './running-task.ts'
import type { StoreRead } from './state-backend.ts'
import type { StoreCache } from './store-cache.ts'

export class ReadAhead {
  readonly #task: RunningTask
  readonly #plain: readonly StoreCache[]
  readonly #wanted = new Map<StoreCache, Set<string>>()

  constructor(task: RunningTask) {
    this.#task = task
    this.#plain = task.state.caches.filter((cache) => !cache.isResident && !cache.isSegmented)
  }

  want(store: string, key: string): void {
    this.#want(this.#task.state.cache(store), key)
  }

  /** Wants a key in every remote store without segments. */
  everywhere(key: string): void {
    for (const cache of this.#plain) this.#want(cache, key)
  }

  /** @throws CorruptError HAIL_POSITION when a store is not where this owner left it */
  async read(): Promise<void> {
    if (this.#wanted.size === 0) return
    const wanted = [...this.#wanted]
    const reads: StoreRead[] = wanted.map(([cache, keys]) => ({
      store: cache.name,
      segmented: cache.isSegmented,
      keys: [...keys]
    }))
    const { backend, codec } = this.#task.deps
    const results = await backend.read(this.#task.name, reads)
    for (const [i, [cache]] of wanted.entries()) {
      const result = results[i]
      if (result === undefined || result.position !== cache.position) {
        throw surprise(this.#task.name, cache.name, cache.position, result?.position ?? 0n)
      }
      const keys = reads[i]?.keys ?? []
      let next = 0
      await learning(codec, () => {
        for (; next < keys.length; next += 1) {
          this.#task.state.load(cache, keys[next] as string, result.values[next] ?? null)
        }
      })
    }
  }

  #want(cache: StoreCache, key: string): void {
    const wanted = this.#wanted.get(cache)
    if (wanted?.has(key) || !cache.isMissing(key)) return
    if (wanted) wanted.add(key)
    else this.#wanted.set(cache, new Set([key]))
  }
}
