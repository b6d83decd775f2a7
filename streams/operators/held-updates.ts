/**
 * @module Results held back until the commit, as Kafka Streams' record cache does: one for each
 * entry and commit, the newest. Only what the entry was before is kept here; the newest is in the
 * store, so that the work of an input that fails is taken back without a trace.
 */
import { isHailError } from '../../core/index.ts'
import type { Flow } from './flow.ts'

/** What entries were at their last forward, by store key; undefined for none. */
export type HeldUpdates<S> = Map<string, S | undefined>

/** The held updates of one operator. `slot` is its place in `ctx.scratch`. */
export function heldUpdates<S>(flow: Flow, slot: string): HeldUpdates<S> {
  const held = flow.ctx.scratch.get(slot)
  if (held !== undefined) return held as HeldUpdates<S>
  const made: HeldUpdates<S> = new Map()
  flow.ctx.scratch.set(slot, made)
  return made
}

/** Remembers what an entry was before its first update since the last commit. */
export function hold<S>(held: HeldUpdates<S>, key: string, before: S | undefined): void {
  if (!held.has(key)) held.set(key, before)
}

/**
 * Hands each held entry to `forward`, then forgets them. A result that cannot be forwarded is
 * dead-lettered by its error; what was forwarded of it before stays, and so do the others.
 */
export function flushHeld<S>(
  flow: Flow,
  slot: string,
  forward: (key: string, before: S | undefined) => void
): void {
  const held = flow.ctx.scratch.get(slot) as HeldUpdates<S> | undefined
  if (held === undefined) return
  for (const [key, before] of held) {
    try {
      forward(key, before)
    } catch (error) {
      deadLetterResult(flow, slot, error)
    }
  }
  held.clear()
}

/** The way of a result that cannot be forwarded: its error is dead-lettered, unless it stops the task. */
export function deadLetterResult({ ctx }: Flow, slot: string, error: unknown): void {
  if (isHailError(error) && error.reaction !== 'skip-to-dlq') throw error
  const code = isHailError(error) ? error.code : 'HAIL_INTERNAL'
  const message = error instanceof Error ? error.message : String(error)
  ctx.deadLetter(code, `result of ${slot}: ${message}`)
}
