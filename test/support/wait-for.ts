/**
 * @module Waiting on a condition, bounded and with a message: tests never sleep for a while and hope.
 */
import { systemClock } from '../../core/index.ts'

/** @throws Error naming what was awaited, when it did not come true in time */
export async function waitFor(
  what: string,
  condition: () => Promise<boolean> | boolean,
  options: { readonly timeoutMs?: number; readonly everyMs?: number } = {}
): Promise<void> {
  const deadline = systemClock.monotonic() + (options.timeoutMs ?? 30_000)
  while (!(await condition())) {
    if (systemClock.monotonic() > deadline) throw new Error(`expected ${what}, it did not come`)
    await systemClock.sleep(options.everyMs ?? 50)
  }
}
