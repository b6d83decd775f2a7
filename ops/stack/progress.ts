/**
 * One line a step, on standard error, so that standard output stays free for results.
 *
 * @module
 */

/** Receives one line of progress, without a line end. */
export type Report = (line: string) => void

const HEARTBEAT_MS = 10_000

/** Prints lines to standard error. */
export function reportToStderr(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Says that a step begins, that it goes on every 10 s, and how long it took. */
export async function withProgress<T>(
  report: Report,
  step: string,
  work: () => Promise<T>
): Promise<T> {
  const started = performance.now()
  report(`${step} ...`)
  const heartbeat = setInterval(
    () => report(`${step}: still at it (${seconds(started)})`),
    HEARTBEAT_MS
  )
  try {
    const result = await work()
    report(`${step}: done in ${seconds(started)}`)
    return result
  } finally {
    clearInterval(heartbeat)
  }
}

/** Seconds since a `performance.now()`, for a line of text. */
export function seconds(startedMs: number): string {
  return `${((performance.now() - startedMs) / 1000).toFixed(1)} s`
}
