/**
 * @module Runs the development gateway from the command line:
 * `npx tsx streams/notifications/receiver.ts --port 8085 --fail-share 0.1 --remember 1000`.
 * Writes one line of JSON with its port when it listens and one with its counts when it stops.
 */
import { parseArgs } from 'node:util'
import { systemClock } from '../../core/index.ts'
import { createReceiver } from './receiver-server.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8085' },
    host: { type: 'string', default: '127.0.0.1' },
    'fail-share': { type: 'string', default: '0' },
    remember: { type: 'string', default: '1000' }
  }
})

const receiver = createReceiver({
  port: numberOf('port', values.port, 65_535),
  host: values.host,
  failShare: numberOf('fail-share', values['fail-share'], 1),
  rememberedMax: numberOf('remember', values.remember, 100_000),
  random: systemClock.random
})

const port = await receiver.listen()
process.stdout.write(`${JSON.stringify({ listening: true, port })}\n`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    process.stdout.write(`${JSON.stringify(receiver.counts())}\n`)
    void receiver.close()
  })
}

function numberOf(name: string, text: string, max: number): number {
  const value = Number(text)
  if (value >= 0 && value <= max) return value
  process.stderr.write(`--${name}: expected a number of 0..${max}, got ${text}\n`)
  process.exit(2)
}
