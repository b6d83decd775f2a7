/**
 * @module The verbs of the Makefile that concern the whole system: setup | up | down | status | reload | clean.
 *
 * Progress goes to standard error. The last line of `status` is one JSON object of all addresses;
 * its exit code is 1 when something does not answer.
 */

import { preferredPorts } from '../apps/app-specs.ts'
import { isSupervised, readAppState } from '../apps/app-state.ts'
import { appStatus, startApps, stopApps } from '../apps/apps.ts'
import { inheritedVariables } from '../apps/config.ts'
import {
  cleanStack,
  isUp,
  readConfig,
  reportToStderr,
  resolveStack,
  setupStack,
  stackEnvironment,
  stackStatus,
  startStack,
  statusTable,
  stopStack
} from '../stack/index.ts'
import { prepare } from './prepare.ts'
import { reloadIngress } from './reload.ts'

const verbs: Readonly<Record<string, (flags: readonly string[]) => Promise<number>>> = {
  setup: async () => {
    await setupStack()
    return 0
  },
  up: async () => {
    const addresses = await startStack()
    await prepare({ ...inheritedVariables(), ...stackEnvironment(addresses) }, reportToStderr)
    await startApps(reportToStderr)
    return status()
  },
  down: async () => {
    await stopApps(reportToStderr)
    await stopStack()
    return 0
  },
  status: () => status(),
  reload: () => reloadIngress(reportToStderr),
  clean: async (flags) => {
    await stopApps(reportToStderr)
    await cleanStack({ all: flags.includes('--all') })
    return 0
  }
}

/** Prints every address and state; 0 when all answer. */
async function status(): Promise<number> {
  const stack = await stackStatus()
  const state = await readAppState(readConfig())
  const isRunning = await isSupervised(state)
  const ports = state?.ports ?? preferredPorts
  const apps = await appStatus(ports)
  process.stdout.write(`${statusTable(stack)}\n\n`)
  for (const { name, isReady, url } of apps) {
    const told = isReady ? 'ready' : 'not ready'
    process.stdout.write(`${name.padEnd(10)} ${(isRunning ? told : 'stopped').padEnd(10)} ${url}\n`)
  }
  const api = `http://127.0.0.1:${ports.ingress}`
  process.stdout.write(`\nAPI at ${api}/api/v1, described at ${api}/api/v1/docs\n`)
  // A stack that is down has no addresses; the table above has said so.
  const addresses = await resolveStack().catch(() => null)
  const line = {
    kafka: addresses?.kafka ?? null,
    registry: addresses?.registry ?? null,
    redis: addresses?.redis ?? null,
    mongo: addresses?.mongo ?? null,
    ingress: api,
    health: `http://127.0.0.1:${ports.ingressOps}/health`,
    metrics: {
      ingress: `http://127.0.0.1:${ports.ingressOps}/metrics`,
      streams: `http://127.0.0.1:${ports.streamsOps}/metrics`,
      sinks: `http://127.0.0.1:${ports.sinksOps}/metrics`
    },
    notifications: `http://127.0.0.1:${ports.receiver}/counts`,
    isUp: isUp(stack) && isRunning && apps.every(({ isReady }) => isReady)
  }
  process.stdout.write(`${JSON.stringify(line)}\n`)
  return line.isUp ? 0 : 1
}

const [verb = '', ...flags] = process.argv.slice(2)
const run = verbs[verb]
if (run === undefined) {
  process.stderr.write(`usage: main.ts ${Object.keys(verbs).join(' | ')}\n`)
  process.exitCode = 2
} else {
  process.exitCode = await run(flags).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  })
}
