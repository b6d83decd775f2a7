/**
 * @module Writes changelog records into a store's backend in slices, each the last values of the keys
 * in a span of offsets and the move of the position over it. Every slice is a compare-and-set of its
 * own, so a restore that has lost its task cannot mix its slices with those of the new owner.
 */
import { type Codec, learning } from '../../avro/index.ts'
import { type Clock, CorruptError } from '../../core/index.ts'
import type { ApplyResult, StateBackend, StorePosition, TaskName } from './state-backend.ts'
import { storeChange } from './store-change.ts'
import type { Store } from './store-definition.ts'

export interface RestoreWriterOptions {
  readonly task: TaskName
  readonly store: string
  readonly definition: Store
  readonly backend: StateBackend
  readonly codec: Codec
  readonly clock: Clock
  /** Committed position, where the restore ends. */
  readonly target: bigint
}

/** Keys of one slice; with the marks of their segments the backend on Redis writes them in one call. */
export const sliceKeysMax = 4_000

export class RestoreWriter {
  readonly #options: RestoreWriterOptions
  readonly #appliedAtMs: number
  #position: bigint
  #latest = new Map<string, Buffer | null>()
  #underWay: Promise<ApplyResult> | null = null

  /**
   * @param found where the store stands and when it was last applied to. Slices before the last leave
   * that time as it is, or set it to the restore's start: a restore cut short is no proof that the
   * tombstones it has not read will be there when it goes on.
   */
  constructor(options: RestoreWriterOptions, found: StorePosition) {
    this.#options = options
    this.#position = found.position
    this.#appliedAtMs = found.appliedAtMs ?? options.clock.now()
  }

  /** The position once what is under way is applied. */
  get position(): bigint {
    return this.#position
  }

  /** True when the slice should be written before more is added. */
  get isFull(): boolean {
    return this.#latest.size >= sliceKeysMax
  }

  get isEmpty(): boolean {
    return this.#latest.size === 0
  }

  add(key: string, value: Buffer | null): void {
    this.#latest.set(key, value)
  }

  /**
   * Starts to write the slice, once the one before is there. `settle` tells its end.
   * @throws CorruptError HAIL_POSITION when another owner has moved the store
   */
  async write(to: bigint, drops: readonly number[] = []): Promise<void> {
    const { definition, codec, backend, task, store, clock, target } = this.#options
    const entries = [...this.#latest]
    this.#latest = new Map()
    const raw = { name: store, from: this.#position, to, entries, drops }
    const change = await learning(codec, () => storeChange(definition, codec, raw))
    await this.settle()
    const atMs = to === target ? clock.now() : this.#appliedAtMs
    this.#underWay = backend.apply(task, [change], atMs)
    // Whoever settles sees the error; it may come before.
    this.#underWay.catch(() => undefined)
    this.#position = to
  }

  /** The store was cleared: everything starts over. */
  async reset(): Promise<void> {
    await this.settle()
    this.#latest = new Map()
    this.#position = 0n
  }

  /**
   * Waits for what is under way.
   * @throws CorruptError HAIL_POSITION when another owner has moved the store
   */
  async settle(): Promise<void> {
    const underWay = this.#underWay
    this.#underWay = null
    const result = await underWay
    if (result === null || result.applied) return
    const { task, store } = this.#options
    throw new CorruptError(
      'HAIL_POSITION',
      `${task} ${store}: another owner moved the position to ${result.position} during the restore`
    )
  }
}
