/**
 * @module Named crash points of the runtime. In production every point is a no-op; a test's child
 * process arms one, so that it dies, hangs or errs exactly there.
 */

/** Every point, in the order of the commit protocol, then of a task's acquisition. */
export const failpointNames = [
  'poll.after',
  'process.after',
  'txn.after-begin',
  'txn.after-outputs',
  'txn.after-offsets',
  'txn.after-end',
  'store.before-apply',
  'store.mid-apply',
  'store.after-apply',
  'assign.after-init',
  'assign.after-offsets',
  'restore.mid',
  'revoke.mid'
] as const

export type FailpointName = (typeof failpointNames)[number]

/** What is known at a point inside a transaction. */
export interface TransactionAtPoint {
  /** Output records it has sent, or will send; one that only moves offsets has none. */
  readonly outputs: number
}

/** Called at each point; may throw, or never return. */
export type Failpoints = (
  name: FailpointName,
  transaction?: TransactionAtPoint
) => void | Promise<void>

export const noFailpoints: Failpoints = () => undefined

/**
 * Parses `point:hit` (hit counts from 1, default 1) and returns failpoints that call `strike` at
 * that hit and wait for it. An unknown point is refused, so that a renamed point cannot turn a test into a no-op.
 */
export function armFailpoint(spec: string, strike: () => void | Promise<void>): Failpoints {
  const [name, hit = '1'] = spec.split(':')
  if (!failpointNames.includes(name as FailpointName)) {
    throw new RangeError(
      `expected a crash point of ${failpointNames.join(', ')}, got "${name}" in CRASH_AT`
    )
  }
  let left = Number.parseInt(hit, 10)
  if (!Number.isInteger(left) || left < 1) {
    throw new RangeError(`expected a hit count of at least 1, got "${hit}" in CRASH_AT`)
  }
  return (at) => {
    if (at !== name) return undefined
    left -= 1
    return left === 0 ? strike() : undefined
  }
}
