/**
 * The verbs of the stack: one interface over servers given by address, containers and processes.
 *
 * @module
 */
import { addressesAt, externalAddresses, type StackAddresses, type StackMode } from './addresses.ts'
import { chooseMode } from './choose-mode.ts'
import {
  engineAnswers,
  hasContainers,
  hasImages,
  pullImages,
  requireEngine,
  startContainers,
  stopContainers
} from './compose.ts'
import { readConfig, type StackConfig } from './config.ts'
import { messageOf, StackError } from './errors.ts'
import { removeEmptyFolder } from './files.ts'
import { installPrograms } from './local/install.ts'
import { hasLiveServer } from './local/local-status.ts'
import { startServers, stopServers } from './local/run.ts'
import { withLock } from './lock.ts'
import { removeTree } from './mounts.ts'
import { type StackPaths, stackPaths } from './paths.ts'
import { type Report, reportToStderr, seconds } from './progress.ts'
import { namesOfStacks, readState } from './state.ts'
import { type StackStatus, statusOfContainers, statusOfExternal, statusOfLocal } from './status.ts'

/** Settings from elsewhere than the environment, and where progress goes. */
export type StackOptions = {
  /** Default: read from the environment. */
  config?: StackConfig
  /** Default: standard error. */
  report?: Report
}

/**
 * The addresses of a stack that is running or given; starts nothing.
 *
 * @throws StackError HAIL_STACK_DOWN when no stack of this name runs
 */
export async function resolveStack(options: StackOptions = {}): Promise<StackAddresses> {
  const { config, paths } = inContext(options)
  const given = externalAddresses(config.given)
  if (given !== undefined && (config.choice === 'external' || config.choice === 'auto')) {
    return given
  }
  if (config.choice === 'external') {
    await chooseMode(config, { state: undefined, canCompose: never, report: () => {} })
  }
  const state = await readState(paths)
  const isOther = config.choice !== 'auto' && state !== undefined && state.mode !== config.choice
  // One dead server of a live stack is no reason to refuse: crash tests kill them one by one.
  const isDown = state?.mode === 'local' && !(await hasLiveServer(paths))
  if (state === undefined || isOther || isDown) {
    throw new StackError('HAIL_STACK_DOWN', `The stack ${config.name} is not running; run make up`)
  }
  return addressesAt(state.ports, state.mode)
}

/** Installs or pulls what the chosen way needs. Idempotent; quick when nothing is missing. */
export async function setupStack(options: StackOptions = {}): Promise<void> {
  const { config, paths, report } = inContext(options)
  const startedAt = performance.now()
  const mode = await chosenMode(config, paths, report)
  if (mode === 'external') {
    report('the addresses of all servers are given: nothing to install')
    return
  }
  if (mode === 'compose') {
    await requireEngine()
    if (!(await hasImages(config))) {
      await pullImages(config, report)
    }
  } else {
    const installed = await installPrograms(config, report)
    report(installed.length === 0 ? 'setup: everything is installed' : 'setup: installed')
  }
  report(`setup: ready in ${seconds(startedAt)} (${mode})`)
}

/**
 * Brings the stack up and waits until every server answers. Idempotent; repairs what is dead;
 * installs first what is not installed.
 *
 * @throws StackError with the server that failed and the end of its log
 */
export async function startStack(options: StackOptions = {}): Promise<StackAddresses> {
  const { config, paths, report } = inContext(options)
  const startedAt = performance.now()
  const mode = await chosenMode(config, paths, report)
  const given = externalAddresses(config.given)
  if (mode === 'external' && given !== undefined) {
    await requireExternal(config)
    return given
  }
  await refuseSecondKind(config, paths, mode)
  if (mode === 'compose') {
    const ports = await withLock(paths.stateDir, report, () =>
      startContainers(config, paths, report)
    )
    return addressesAt(ports, 'compose')
  }
  await installPrograms(config, report)
  const { ports, actions } = await withLock(paths.stateDir, report, () =>
    startServers(config, paths, report)
  )
  const isNew = [...actions.values()].some((action) => action !== 'was up')
  report(
    isNew
      ? `stack ${config.name} is up (${seconds(startedAt)})`
      : `stack ${config.name} was up already`
  )
  return addressesAt(ports, 'local')
}

/** Ends the servers; their data stays. Servers given by address are left alone. */
export async function stopStack(options: StackOptions = {}): Promise<void> {
  const { config, paths, report } = inContext(options)
  const hasEnded = await withLock(paths.stateDir, report, () => endStack(config, paths, report))
  report(hasEnded ? `stack ${config.name} is down` : `stack ${config.name} was not running`)
}

/** What runs, what answers, and where. */
export async function stackStatus(options: StackOptions = {}): Promise<StackStatus> {
  const { config, paths } = inContext(options)
  const isGiven = externalAddresses(config.given) !== undefined
  if (config.choice === 'external' || (config.choice === 'auto' && isGiven)) {
    return await statusOfExternal(config)
  }
  const state = await readState(paths)
  if (state === undefined) {
    return { name: config.name, mode: 'none', servers: [] }
  }
  return state.mode === 'compose'
    ? await statusOfContainers(config, addressesAt(state.ports, 'compose'))
    : await statusOfLocal(config, paths, state)
}

/**
 * Ends the stack and removes its data, logs and state. With `all`, does so for every stack of the
 * folder and removes the installed programs too.
 */
export async function cleanStack(options: StackOptions & { all?: boolean } = {}): Promise<void> {
  const { config, paths, report } = inContext(options)
  const names = options.all ? await namesOfStacks(paths) : []
  for (const name of new Set([config.name, ...names])) {
    await cleanOne({ ...config, name }, report)
  }
  if (options.all) {
    await removeTree(paths.programsDir)
    // The folder itself only if nothing of somebody else lies in it.
    for (const dir of [paths.statesDir, ...paths.sharedDirs, paths.localDir]) {
      await removeEmptyFolder(dir)
    }
    report('clean: installed programs are removed')
  }
}

async function cleanOne(config: StackConfig, report: Report): Promise<void> {
  const paths = stackPaths(config)
  await withLock(paths.stateDir, report, async () => {
    await endStack(config, paths, report, { removesData: true })
    await Promise.all([paths.dataDir, paths.logDir, paths.stateDir].map(removeTree))
  })
  report(`clean: data, logs and state of stack ${config.name} are removed`)
}

/** Ends processes in any case: cheap when there are none, and none is left behind if there are. */
async function endStack(
  config: StackConfig,
  paths: StackPaths,
  report: Report,
  options = { removesData: false }
): Promise<boolean> {
  const ended = await stopServers(config, paths, report)
  const isCompose = (await readState(paths))?.mode === 'compose'
  if (isCompose) {
    await stopContainers(config, options)
  }
  return isCompose || ended > 0
}

/** A stack of one name is either containers or processes: the state remembers one kind. */
async function refuseSecondKind(
  config: StackConfig,
  paths: StackPaths,
  mode: StackMode
): Promise<void> {
  if (mode === 'compose') {
    await requireEngine()
  }
  const state = await readState(paths)
  if (state === undefined || state.mode === mode) {
    return
  }
  const isRunning =
    state.mode === 'local' ? await hasLiveServer(paths) : await hasContainers(config)
  if (isRunning) {
    throw new StackError(
      'HAIL_STACK_START',
      `The stack ${config.name} runs already (${state.mode}); end it with make down before ${mode}`
    )
  }
}

async function chosenMode(config: StackConfig, paths: StackPaths, report: Report) {
  return await chooseMode(config, {
    state: await readState(paths),
    canCompose: () => canCompose(config, report),
    report
  })
}

async function canCompose(config: StackConfig, report: Report): Promise<boolean> {
  if (!(await engineAnswers())) {
    return false
  }
  if (await hasImages(config)) {
    return true
  }
  try {
    await pullImages(config, report)
    return true
  } catch (error) {
    report(`container images cannot be had, so the stack will be local: ${messageOf(error)}`)
    return false
  }
}

async function requireExternal(config: StackConfig): Promise<void> {
  const { servers } = await statusOfExternal(config)
  const down = servers.filter(({ state }) => state === 'down')
  if (down.length > 0) {
    const list = down.map(({ server, address }) => `${server} at ${address}`).join(', ')
    throw new StackError('HAIL_STACK_DOWN', `No connection to ${list}; start them, or unset STACK`)
  }
}

function inContext(options: StackOptions) {
  const config = options.config ?? readConfig()
  return { config, paths: stackPaths(config), report: options.report ?? reportToStderr }
}

async function never(): Promise<boolean> {
  return false
}
