/**
 * A budget of bytes that come back when what they were spent on expires. Redis frees what is written
 * with a life by itself and tells nobody, so the writer keeps the account.
 *
 * @module
 */

/** See the module. */
export type ExpiringBudget = {
  /** Spends `bytes` until `untilMs`; false, and nothing spent, when they are not there. */
  spend(bytes: number, at: { nowMs: number; untilMs: number }): boolean
  /** Bytes spent and not yet back. */
  spent(nowMs: number): number
}

/** Bytes come back in steps of this: an account of a day's writes is a list of a few thousand numbers. */
const stepMs = 10_000

/** An untouched budget. */
export const createExpiringBudget = (bytesMax: number): ExpiringBudget => {
  const bytesByStep = new Map<number, number>()
  let total = 0
  const settle = (nowMs: number): void => {
    for (const [step, bytes] of bytesByStep) {
      if ((step + 1) * stepMs > nowMs) continue
      bytesByStep.delete(step)
      total -= bytes
    }
  }
  return {
    spend: (bytes, { nowMs, untilMs }) => {
      settle(nowMs)
      if (total + bytes > bytesMax) return false
      const step = Math.floor(untilMs / stepMs)
      bytesByStep.set(step, (bytesByStep.get(step) ?? 0) + bytes)
      total += bytes
      return true
    },
    spent: (nowMs) => {
      settle(nowMs)
      return total
    }
  }
}
