/**
 * Waiting for a condition, never for a time.
 *
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 50

/**
 * Asks until the condition holds.
 *
 * @returns true when it held within `timeoutMs`, false otherwise
 */
export async function waitUntil(
  condition: () => Promise<boolean> | boolean,
  timeoutMs: number
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    if (await condition()) {
      return true
    }
    if (performance.now() >= deadline) {
      return false
    }
    await delay(POLL_MS)
  }
}
