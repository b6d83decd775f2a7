/**
 * @module `make bench-streams`. Progress goes to standard error; standard output gets one line, the
 * result as JSON, which is written to `out/bench-streams.json` too. Exits with 1 when a program
 * answered wrong or a scenario failed, whatever the figures, and with 130 when interrupted.
 */
import { systemClock } from '../../core/index.ts'
import { reportToStderr } from '../../ops/stack/index.ts'
import { writeJsonFile } from '../../ops/stack/json-file.ts'
import { readBenchConfig, repositoryDir } from '../config.ts'
import { runStreamsBench } from './bench.ts'

const interruptedExit = 130

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
  const result = await runStreamsBench({
    settings: readBenchConfig(),
    clock: systemClock,
    tell: reportToStderr,
    signal: stop.signal
  })
  await writeJsonFile(`${repositoryDir}out/bench-streams.json`, result)
  process.exitCode = result.isRight && Object.keys(result.failures).length === 0 ? 0 : 1
  process.stdout.write(`${JSON.stringify(result)}\n`)
} catch (error) {
  if (stop.signal.aborted) process.exit(interruptedExit)
  reportToStderr(error instanceof Error ? (error.stack ?? error.message) : String(error))
  process.exitCode = 1
}
