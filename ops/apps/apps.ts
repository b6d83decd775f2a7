/**
 * @module Starting, stopping and looking at the application as a whole.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Report, readConfig, type StackConfig } from '../stack/index.ts'
import { logFileOf, stackPaths } from '../stack/paths.ts'
import { isAlive } from '../stack/process-record.ts'
import { endProcess, launch } from '../stack/processes.ts'
import { waitUntil } from '../stack/wait.ts'
import { type AppPorts, type AppSpec, appSpecs } from './app-specs.ts'
import { isSupervised, readAppState } from './app-state.ts'
import { answersOk } from './supervisor.ts'

/** Longest wait for all processes to be ready, ms. */
const readyMs = 120_000
/** Longest wait for the supervisor itself, ms. */
const supervisorMs = 30_000
/** Longest wait for all processes to stop, ms. */
const stopMs = 90_000

const repositoryDir = fileURLToPath(new URL('../../', import.meta.url))

/** One process as seen from outside. */
export interface AppStatus {
  readonly name: string
  readonly isReady: boolean
  readonly url: string
}

/** Starts the supervisor unless it runs, and waits until every process is ready. */
export async function startApps(report: Report, config: StackConfig = readConfig()): Promise<void> {
  if (await isSupervised(await readAppState(config))) {
    report('the application runs already')
  } else {
    await launchSupervisor(config)
  }
  const pending = new Set<string>()
  const startedAt = performance.now()
  const isUp = async (): Promise<boolean> => {
    const state = await readAppState(config)
    if (state === null || !(await isAlive(state.supervisor))) {
      if (performance.now() - startedAt > supervisorMs) throw gaveUp(config)
      return false
    }
    const statuses = await appStatus(state.ports)
    for (const { name, isReady } of statuses) {
      if (!isReady) pending.add(name)
      else if (pending.delete(name)) report(`${name} is ready`)
    }
    return statuses.every(({ isReady }) => isReady)
  }
  if (await waitUntil(isUp, readyMs)) return
  throw new Error(
    `expected every process to be ready within ${readyMs / 1000} s; ${[...pending].join(', ')} is not. ` +
      `See the logs in ${stackPaths(config).logDir}`
  )
}

/** Stops the supervisor and with it every process, each with time to drain. */
export async function stopApps(report: Report, config: StackConfig = readConfig()): Promise<void> {
  const state = await readAppState(config)
  if (state === null || !(await isAlive(state.supervisor))) return
  report('stopping the application')
  await endProcess(state.supervisor, 'SIGTERM', stopMs)
}

/** Readiness of each process at the given ports. */
export async function appStatus(ports: AppPorts): Promise<AppStatus[]> {
  return Promise.all(
    appSpecs(ports, {}).map(async ({ name, readyUrl }: AppSpec) => ({
      name,
      isReady: await answersOk(readyUrl),
      url: readyUrl
    }))
  )
}

function gaveUp(config: StackConfig): Error {
  const { logDir } = stackPaths(config)
  return new Error(`expected the supervisor to run, it has ended; see the logs in ${logDir}`)
}

async function launchSupervisor(config: StackConfig): Promise<void> {
  const entry = join(repositoryDir, 'ops/apps/supervise.ts')
  await launch(
    {
      file: process.execPath,
      args: ['--import', 'tsx', entry],
      cwd: repositoryDir,
      logFile: logFileOf(stackPaths(config), 'supervisor')
    },
    'supervisor'
  )
}
