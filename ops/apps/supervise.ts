/**
 * @module The supervisor's process: starts the application on a running stack, keeps it running, and
 * stops it at SIGTERM. `apps.ts` starts it in the background.
 */
import { createLogger, readSharedConfig, systemClock } from '../../core/index.ts'
import { createKafka } from '../../core/kafka/index.ts'
import { readConfig, resolveStack, stackEnvironment } from '../stack/index.ts'
import { stackPaths } from '../stack/paths.ts'
import { birthOf } from '../stack/process-record.ts'
import { chooseAppPorts } from './app-ports.ts'
import { appSpecs, preferredPorts } from './app-specs.ts'
import { readAppState, writeAppState } from './app-state.ts'
import { inheritedVariables } from './config.ts'
import { Supervisor } from './supervisor.ts'

const config = readConfig()
const environment = stackEnvironment(await resolveStack())
const shared = readSharedConfig({ ...inheritedVariables(), ...environment }, { secrets: [] })
const logger = createLogger({ name: 'supervisor', level: 'info' })
const ports = await chooseAppPorts((await readAppState(config))?.ports ?? preferredPorts)
const kafka = createKafka({
  ...shared.kafka,
  clientId: 'hailstream-supervisor',
  logger,
  clock: systemClock
})
const supervisor = new Supervisor({
  specs: appSpecs(ports, environment),
  repositoryDir: new URL('../../', import.meta.url).pathname,
  logDir: stackPaths(config).logDir,
  inherited: inheritedVariables(),
  clock: systemClock,
  logger,
  kafka,
  readyTimeoutMs: 60_000,
  stopTimeoutMs: 20_000
})
const stop = async (exitCode: number): Promise<void> => {
  await supervisor.stop()
  await kafka.close()
  process.exit(exitCode)
}
process.once('SIGTERM', () => void stop(0))
process.once('SIGINT', () => void stop(0))
const birth = (await birthOf(process.pid)) ?? ''
await writeAppState(config, {
  supervisor: { pid: process.pid, birth, fingerprint: 'supervisor' },
  ports
})
try {
  await supervisor.start((line) => logger.info({ detail: line }, 'progress'))
} catch (error) {
  // Half an application helps nobody, and without its supervisor nobody would stop it.
  logger.fatal({ error }, 'the application did not start')
  await stop(1)
}
