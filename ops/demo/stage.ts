/**
 * Everything the demo runs on: backing services of its own name, empty topics and database, and the
 * application's processes. Each part is closed by its handle.
 *
 * @module
 */
import { createLogger, systemClock } from '../../core/index.ts'
import { createKafka, type Kafka } from '../../core/kafka/index.ts'
import { chooseAppPorts } from '../apps/app-ports.ts'
import { type AppPorts, appSpecs, preferredPorts } from '../apps/app-specs.ts'
import { isSupervised, readAppState, writeAppState } from '../apps/app-state.ts'
import { inheritedVariables } from '../apps/config.ts'
import { Supervisor } from '../apps/supervisor.ts'
import { prepare } from '../cli/prepare.ts'
import {
  cleanStack,
  type Report,
  readConfig,
  type StackConfig,
  type StackMode,
  setupStack,
  stackEnvironment,
  startStack,
  stopStack
} from '../stack/index.ts'
import { stackPaths } from '../stack/paths.ts'
import { birthOf } from '../stack/process-record.ts'
import type { Closers } from './closers.ts'
import { demoLimits, repositoryDir } from './config.ts'

/** A running system. */
export type Stage = {
  readonly mode: StackMode
  readonly ports: AppPorts
  /** What a process needs to find the backing services. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly supervisor: Supervisor
  readonly kafka: Kafka
  readonly logDir: string
}

/** What the demo needs to know before it opens the stage. */
export type StageOptions = {
  readonly timeScale: number
  readonly tell: Report
  readonly closers: Closers
  readonly signal: AbortSignal
}

/** Name of the demo's own stack unless `STACK_NAME` says otherwise. */
const stackName = 'demo'

/** Sets up what is missing and starts everything. What was opened before an error is in `closers`. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const { tell, closers, signal, timeScale } = options
  const config = demoStackConfig()
  await refuseSecond(config)
  await setupStack({ config, report: tell })
  signal.throwIfAborted()
  const { mode, addresses } = await startEmptyStack(config, options)
  signal.throwIfAborted()
  const environment = { ...inheritedVariables(), ...addresses, TIME_SCALE: String(timeScale) }
  await prepare(environment, tell)
  signal.throwIfAborted()
  const logger = createLogger({ name: 'demo', level: 'error' })
  const clock = systemClock
  const brokers = (addresses['KAFKA_BROKERS'] ?? '').split(',')
  const kafka = createKafka({ brokers, clientId: 'hailstream-demo', logger, clock })
  closers.add('the connection to Kafka', () => kafka.close())
  const ports = await chooseAppPorts(preferredPorts)
  await claim(config, ports)
  const { logDir } = stackPaths(config)
  const supervisor = new Supervisor({
    specs: appSpecs(ports, { ...addresses, TIME_SCALE: String(timeScale), LOG_LEVEL: 'warn' }),
    repositoryDir,
    logDir,
    inherited: inheritedVariables(),
    clock,
    logger,
    kafka,
    readyTimeoutMs: demoLimits.readyMs,
    stopTimeoutMs: demoLimits.stopMs
  })
  closers.add('the application', () => {
    tell('stopping the application')
    return supervisor.stop()
  })
  await supervisor.start(tell)
  return { mode, ports, environment, supervisor, kafka, logDir }
}

function demoStackConfig(): StackConfig {
  const given = readConfig()
  const isNamed = (inheritedVariables()['STACK_NAME'] ?? '') !== ''
  return isNamed ? given : readConfig({ ...inheritedVariables(), STACK_NAME: stackName })
}

/** A second run would remove the data under the first one's feet. */
async function refuseSecond(config: StackConfig): Promise<void> {
  if (!(await isSupervised(await readAppState(config)))) return
  throw new Error(
    `expected no application on the stack ${config.name}, one is running; ` +
      `stop it with make down STACK_NAME=${config.name}, or choose another STACK_NAME`
  )
}

/** Tells other commands that this process supervises the stack's application. */
async function claim(config: StackConfig, ports: AppPorts): Promise<void> {
  const birth = (await birthOf(process.pid)) ?? ''
  const supervisor = { pid: process.pid, birth, fingerprint: 'demo' }
  await writeAppState(config, { supervisor, ports })
}

async function startEmptyStack(config: StackConfig, { tell, closers }: StageOptions) {
  const { given, choice } = config
  const isGiven = Object.keys(given).length === 4 && (choice === 'external' || choice === 'auto')
  // Servers given by address are somebody's: nothing of theirs is removed.
  if (!isGiven) {
    await cleanStack({ config, report: tell })
    await claim(config, preferredPorts)
    closers.add('the backing services', () => stopStack({ config, report: tell }))
  }
  const stack = await startStack({ config, report: tell })
  return { mode: stack.mode, addresses: stackEnvironment(stack) }
}
