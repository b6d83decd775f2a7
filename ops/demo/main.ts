/**
 * `make demo`. Progress goes to standard error; standard output gets one line, the result as JSON,
 * which is written to `out/demo.json` too. Exits with 0 when every equation holds, 1 when one does
 * not, 130 when interrupted.
 *
 * @module
 */
import { systemClock } from '../../core/index.ts'
import { writeJsonFile } from '../stack/json-file.ts'
import { readDemoConfig, resultFile } from './config.ts'
import { runDemo } from './demo.ts'

const interruptedExit = 130

const stop = new AbortController()
let interrupts = 0
const onSignal = (): void => {
  interrupts += 1
  // The first asks for an orderly end; a person who asks twice means at once.
  if (interrupts > 1) process.exit(interruptedExit)
  process.stderr.write('\ninterrupted: stopping everything\n')
  stop.abort(new Error('interrupted'))
}
process.on('SIGINT', onSignal)
process.on('SIGTERM', onSignal)

try {
  const { figures, failed } = await runDemo({
    settings: readDemoConfig(),
    clock: systemClock,
    stream: process.stderr,
    signal: stop.signal
  })
  await writeJsonFile(resultFile, figures)
  for (const sentence of failed) process.stderr.write(`failed: ${sentence}\n`)
  process.exitCode = failed.length === 0 ? 0 : 1
  process.stdout.write(`${JSON.stringify(figures)}\n`)
} catch (error) {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  if (!stop.signal.aborted) process.stderr.write(`${message}\n`)
  process.exitCode = stop.signal.aborted ? interruptedExit : 1
}
