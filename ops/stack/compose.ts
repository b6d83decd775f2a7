/**
 * The stack as containers of docker-compose.yml. The project name carries the stack's name and the
 * published ports come from the stack's state, so several stacks live side by side here too.
 *
 * @module
 */
import { join } from 'node:path'
import { type Command, lastLines, type RunCommand, runCommand } from './command.ts'
import type { StackConfig } from './config.ts'
import { StackError, type StackErrorCode } from './errors.ts'
import type { StackPaths } from './paths.ts'
import { choosePorts, isPortFree, PORT_NAMES, type StackPorts } from './ports.ts'
import { type Report, withProgress } from './progress.ts'
import { portsOfOtherStacks, readState, writeState } from './state.ts'

/** The services of docker-compose.yml that make a stack; the others are watchers of it. */
export const COMPOSE_SERVICES = ['kafka', 'registry', 'redis', 'mongo'] as const

/** The compose file, in the root of the repository. */
export const COMPOSE_FILE = 'docker-compose.yml'

const ASK_TIMEOUT_MS = 10_000
const STOP_TIMEOUT_MS = 120_000

/** True when a container engine and its compose command answer. */
export async function engineAnswers(run: RunCommand = runCommand): Promise<boolean> {
  const ask = async (...args: string[]) =>
    (await run({ file: 'docker', args, timeoutMs: ASK_TIMEOUT_MS })).status === 0
  return (
    (await ask('version', '--format', '{{.Server.Version}}')) && (await ask('compose', 'version'))
  )
}

/**
 * Checks that there is an engine, before anything is written or tried.
 *
 * @throws StackError HAIL_STACK_MISSING_TOOL
 */
export async function requireEngine(run: RunCommand = runCommand): Promise<void> {
  if (!(await engineAnswers(run))) {
    throw new StackError(
      'HAIL_STACK_MISSING_TOOL',
      'STACK=compose needs a running Docker engine and the docker compose plugin; ' +
        'install them, or use STACK=local'
    )
  }
}

/** True when containers of this stack run. */
export async function hasContainers(
  config: StackConfig,
  run: RunCommand = runCommand
): Promise<boolean> {
  const listed = await run(composeCommand(config, ['ps', '--quiet']))
  return listed.status === 0 && listed.stdout.trim() !== ''
}

/** True when every image of the stack is on this machine. */
export async function hasImages(
  config: StackConfig,
  run: RunCommand = runCommand
): Promise<boolean> {
  const listed = await run(composeCommand(config, ['config', '--images', ...COMPOSE_SERVICES]))
  const images = listed.stdout.split('\n').filter((line) => line !== '')
  if (listed.status !== 0 || images.length === 0) {
    return false
  }
  const inspected = await run({ file: 'docker', args: ['image', 'inspect', ...images] })
  return inspected.status === 0
}

/**
 * Pulls the images.
 *
 * @throws StackError HAIL_STACK_INSTALL with the engine's words
 */
export async function pullImages(config: StackConfig, report: Report): Promise<void> {
  await withProgress(report, 'setup: container images', () =>
    mustCompose(config, {
      args: ['pull', '--quiet', ...COMPOSE_SERVICES],
      timeoutMs: config.pullTimeoutMs,
      code: 'HAIL_STACK_INSTALL'
    })
  )
}

/** Starts the containers and waits until their health checks pass; repairs what is not running. */
export async function startContainers(
  config: StackConfig,
  paths: StackPaths,
  report: Report
): Promise<StackPorts> {
  const ports = await composePorts(config, paths)
  await writeState(paths, { mode: 'compose', ports })
  await withProgress(report, `containers of stack ${config.name}`, () =>
    mustCompose(config, {
      args: ['up', '--detach', '--wait', ...COMPOSE_SERVICES],
      timeoutMs: config.startTimeoutMs + config.pullTimeoutMs,
      code: 'HAIL_STACK_START',
      ports
    })
  )
  return ports
}

/** Ends the containers; `removesData` removes their volumes too. */
export async function stopContainers(
  config: StackConfig,
  options: { removesData: boolean }
): Promise<void> {
  await mustCompose(config, {
    args: ['--profile', '*', 'down', ...(options.removesData ? ['--volumes'] : [])],
    timeoutMs: STOP_TIMEOUT_MS,
    code: 'HAIL_STACK_STOP'
  })
}

/** The variables that docker-compose.yml takes for published ports. */
export function composeEnvironment(ports: StackPorts): Record<string, string> {
  return {
    KAFKA_PORT: String(ports.kafka),
    REGISTRY_PORT: String(ports.registry),
    REDIS_PORT: String(ports.redis),
    MONGO_PORT: String(ports.mongo)
  }
}

/** A docker compose command line for this stack. */
export function composeCommand(config: StackConfig, args: readonly string[]): Command {
  const project = `hailstream-${config.name}`
  const file = join(config.repositoryDir, COMPOSE_FILE)
  return {
    file: 'docker',
    args: ['compose', '--project-name', project, '--file', file, ...args],
    cwd: config.repositoryDir
  }
}

/** The remembered ports while the stack runs, else free ones. */
async function composePorts(config: StackConfig, paths: StackPaths): Promise<StackPorts> {
  const state = await readState(paths)
  const isRunning = state?.mode === 'compose' && (await hasContainers(config))
  return await choosePorts({
    preferred: config.ports,
    remembered: state?.ports,
    held: new Set(isRunning ? PORT_NAMES : []),
    reserved: await portsOfOtherStacks(paths, config.name),
    isFree: isPortFree
  })
}

type ComposeCall = {
  args: readonly string[]
  timeoutMs: number
  code: StackErrorCode
  ports?: StackPorts
}

async function mustCompose(config: StackConfig, call: ComposeCall): Promise<void> {
  const environment = call.ports === undefined ? {} : composeEnvironment(call.ports)
  const command = composeCommand(config, call.args)
  const result = await runCommand({ ...command, environment, timeoutMs: call.timeoutMs })
  if (result.status !== 0) {
    throw new StackError(
      call.code,
      `docker compose ${call.args[0]} failed (exit ${result.status ?? 'none'}):\n` +
        lastLines(result.stderr, 15)
    )
  }
}
