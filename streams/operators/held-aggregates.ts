/**
 * @module `held-updates.ts` for single aggregates, on the hot path: whether an aggregate is held already
 * is a mark on the stored object instead of a look-up, so that a record costs one comparison, and an
 * entry two slots of an array once a commit.
 */
import type { Flow } from './flow.ts'
import type { Timestamped } from './handle.ts'
import { deadLetterResult } from './held-updates.ts'

/** A stored aggregate; `heldIn` is the hold that knows it. It is not written. */
export interface HeldAggregate<A> extends Timestamped<A> {
  heldIn?: number
}

/** What the entries of one operator and commit were at their last forward. */
export interface AggregateHold<A> {
  readonly serial: number
  readonly storeKeys: string[]
  readonly befores: (HeldAggregate<A> | undefined)[]
}

/** Tells holds apart; one that has ended is never met again. */
let serialLast = 0

/** The hold of this commit. `slot` is its place in `ctx.scratch`. */
export function aggregateHold<A>({ ctx }: Flow, slot: string): AggregateHold<A> {
  const held = ctx.scratch.get(slot)
  if (held !== undefined) return held as AggregateHold<A>
  serialLast += 1
  const made: AggregateHold<A> = { serial: serialLast, storeKeys: [], befores: [] }
  ctx.scratch.set(slot, made)
  return made
}

/** Holds the update of an entry from `before` to `after`. */
export function holdAggregate<A>(
  hold: AggregateHold<A>,
  storeKey: string,
  before: HeldAggregate<A> | undefined,
  after: HeldAggregate<A>
): void {
  after.heldIn = hold.serial
  if (before !== undefined && before.heldIn === hold.serial) return
  hold.storeKeys.push(storeKey)
  hold.befores.push(before)
}

/**
 * Forwards each held entry once: an entry whose update was taken back bears no mark, one that is
 * held twice, since an input failed in between, has lost it the second time.
 */
export function flushAggregates<A>(
  flow: Flow,
  options: { readonly store: string; readonly slot: string },
  forward: (storeKey: string, before: HeldAggregate<A> | undefined, after: HeldAggregate<A>) => void
): void {
  const { store, slot } = options
  const hold = flow.ctx.scratch.get(slot) as AggregateHold<A> | undefined
  if (hold === undefined) return
  const { serial, storeKeys, befores } = hold
  for (let i = 0; i < storeKeys.length; i += 1) {
    const storeKey = storeKeys[i] as string
    const after = flow.ctx.get(store, storeKey) as HeldAggregate<A> | undefined
    if (after === undefined || after.heldIn !== serial) continue
    after.heldIn = 0
    try {
      forward(storeKey, befores[i], after)
    } catch (error) {
      deadLetterResult(flow, slot, error)
    }
  }
  storeKeys.length = 0
  befores.length = 0
}
