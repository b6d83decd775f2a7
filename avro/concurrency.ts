/**
 * Bounded parallel work.
 * @module
 */

/**
 * Maps items, `limit` at a time, results in the order of the items. After a failure no further
 * item is begun, those begun are awaited, and the first error is thrown.
 */
export async function mapLimited<T, U>(
  items: readonly T[],
  limit: number,
  run: (item: T) => Promise<U>
): Promise<U[]> {
  const results: U[] = []
  const failures: unknown[] = []
  let next = 0
  async function work(): Promise<void> {
    while (next < items.length && failures.length === 0) {
      const index = next++
      try {
        results[index] = await run(items[index] as T)
      } catch (error) {
        failures.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work))
  if (failures.length > 0) throw failures[0]
  return results
}
