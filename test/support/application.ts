/**
 * @module The whole application for an end-to-end test: real processes on the test stack, on free
 * ports, with scaled time.
 */
import { fileURLToPath } from 'node:url'
import { readSharedConfig, silentLogger, systemClock } from '../../core/index.ts'
import { createKafka, type Kafka } from '../../core/kafka/index.ts'
import { chooseAppPorts } from '../../ops/apps/app-ports.ts'
import { type AppPorts, appSpecs } from '../../ops/apps/app-specs.ts'
import { inheritedVariables } from '../../ops/apps/config.ts'
import { Supervisor } from '../../ops/apps/supervisor.ts'
import { prepare } from '../../ops/cli/prepare.ts'
import { stackForTests } from '../../ops/stack/for-tests.ts'
import { type StackAddresses, stackEnvironment } from '../../ops/stack/index.ts'
import { ApiClient, mintToken, type TokenRole } from './api-client.ts'

export interface Application {
  readonly addresses: StackAddresses
  readonly environment: Readonly<Record<string, string>>
  readonly ports: AppPorts
  readonly supervisor: Supervisor
  readonly kafka: Kafka
  /** Where the processes log, one file each. */
  readonly logDir: string
  as(role: TokenRole, sub: string): Promise<ApiClient>
  stranger(): ApiClient
  stop(): Promise<void>
}

const repositoryDir = fileURLToPath(new URL('../../', import.meta.url))
const logDir = `${repositoryDir}out/e2e-logs`

/** Ports tried first: away from a development stack's. */
const firstPorts: AppPorts = {
  ingress: 18_080,
  ingressOps: 19_464,
  streamsOps: 19_465,
  sinksOps: 19_466,
  receiver: 19_470
}

/** Starts everything and waits until it is ready. */
export async function startApplication(options: {
  timeScale: number
  /** The least severe level that processes log; `info` unless said otherwise. */
  logLevel?: 'debug' | 'info'
}): Promise<Application> {
  const stack = await stackForTests()
  const environment = {
    ...stackEnvironment(stack.addresses),
    TIME_SCALE: String(options.timeScale),
    LOG_LEVEL: options.logLevel ?? 'info'
  }
  await prepare({ ...inheritedVariables(), ...environment }, () => undefined)
  const ports = await chooseAppPorts(firstPorts)
  const shared = readSharedConfig({ ...inheritedVariables(), ...environment })
  const kafka = createKafka({
    ...shared.kafka,
    clientId: 'e2e-test',
    logger: silentLogger,
    clock: systemClock
  })
  const supervisor = new Supervisor({
    specs: appSpecs(ports, environment),
    repositoryDir,
    logDir,
    inherited: inheritedVariables(),
    clock: systemClock,
    logger: silentLogger,
    kafka,
    readyTimeoutMs: 60_000,
    stopTimeoutMs: 20_000
  })
  await supervisor.start(() => undefined)
  const base = `http://127.0.0.1:${ports.ingress}`
  const secret = shared.secrets.jwtSecret ?? ''
  return {
    addresses: stack.addresses,
    environment,
    ports,
    supervisor,
    kafka,
    logDir,
    as: async (role, sub) => new ApiClient(base, await mintToken(role, sub, secret)),
    stranger: () => new ApiClient(base, null),
    stop: async () => {
      await supervisor.stop()
      await kafka.close()
      await stack.stop()
    }
  }
}
