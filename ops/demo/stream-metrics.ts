/**
 * Reads figures from a process's metrics.
 *
 * @module
 */

/** Sum of a metric over all its labels in a text of metrics; 0 when it is not there. */
export function sumOfMetric(text: string, name: string): number {
  let sum = 0
  for (const line of text.split('\n')) {
    if (!line.startsWith(name)) continue
    const next = line[name.length]
    if (next !== '{' && next !== ' ') continue
    const value = Number(line.slice(line.lastIndexOf(' ') + 1))
    if (Number.isFinite(value)) sum += value
  }
  return sum
}

/** The metrics of a process; null while it does not answer. */
export async function readMetrics(opsPort: number): Promise<string | null> {
  try {
    const url = `http://127.0.0.1:${opsPort}/metrics`
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) })
    return response.ok ? await response.text() : null
  } catch {
    // Not listening: restarted, or stopped.
    return null
  }
}
