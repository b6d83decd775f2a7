/**
 * @module What every bench does as a command. Progress goes to standard error; standard output gets one
 * line, the result as JSON, which is written to `out/bench-<name>.json` too. Exits with 1 when something
 * answered wrong or a scenario failed, whatever the figures, and with 130 when interrupted.
 */
import { type Clock, systemClock } from '../core/index.ts'
import { type Report, reportToStderr } from '../ops/stack/index.ts'
import { writeJsonFile } from '../ops/stack/json-file.ts'
import { type BenchSettings, readBenchConfig, repositoryDir } from './config.ts'

/** What a bench is given. */
export interface BenchOptions {
  readonly settings: BenchSettings
  readonly clock: Clock
  readonly tell: Report
  /** Ends the bench between two steps; what it started is stopped. */
  readonly signal: AbortSignal
}

/** What a result has to say of itself. */
export interface BenchOutcome {
  readonly bench: string
  /** True when everything that was asked answered as it must. */
  readonly isRight: boolean
  /** Why a scenario has no figures, by its name. */
  readonly failures: Readonly<Record<string, string>>
}

const interruptedExit = 130

export async function runMain(
  run: (options: BenchOptions) => Promise<BenchOutcome>
): Promise<void> {
  const stop = new AbortController()
  const onSignal = (): void => {
    // The first asks for an orderly end; a person who asks twice means at once.
    if (stop.signal.aborted) process.exit(interruptedExit)
    reportToStderr('interrupted: stopping everything')
    stop.abort(new Error('interrupted'))
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  try {
    const result = await run({
      settings: readBenchConfig(),
      clock: systemClock,
      tell: reportToStderr,
      signal: stop.signal
    })
    await writeJsonFile(`${repositoryDir}out/bench-${result.bench}.json`, result)
    process.exitCode = result.isRight && Object.keys(result.failures).length === 0 ? 0 : 1
    process.stdout.write(`${JSON.stringify(result)}\n`)
  } catch (error) {
    if (stop.signal.aborted) process.exit(interruptedExit)
    reportToStderr(error instanceof Error ? (error.stack ?? error.message) : String(error))
    process.exitCode = 1
  }
}
