/**
 * Brings the servers of a local stack up, repairs what is dead, and takes them down. Callers hold
 * the stack's lock.
 *
 * @module
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { lastLines } from '../command.ts'
import type { StackConfig } from '../config.ts'
import { StackError } from '../errors.ts'
import { isMissing } from '../files.ts'
import { logFileOf, pidFileOf, type StackPaths } from '../paths.ts'
import { choosePorts, isPortFree, type PortName, type StackPorts } from '../ports.ts'
import {
  isAlive,
  type ProcessRecord,
  readLiveRecord,
  readRecord,
  removeRecord,
  writeRecord
} from '../process-record.ts'
import { endProcess, launch } from '../processes.ts'
import { type Report, seconds } from '../progress.ts'
import { portsOfOtherStacks, readState, writeState } from '../state.ts'
import { endStrays } from '../strays.ts'
import { waitUntil } from '../wait.ts'
import { fingerprintOf, type LocalServer, type ServerContext, type ServerName } from './server.ts'
import { findServerPrograms, LOCAL_SERVERS } from './servers.ts'

/** What had to be done for a server. */
export type StartAction = 'was up' | 'started' | 'restarted'

// A live server that answers nothing for this long hangs: it is restarted.
const HANG_MS = 15_000

/**
 * Starts every server that is not up, in the order of their needs, side by side where possible.
 *
 * @throws StackError HAIL_STACK_START with the end of the log of the server that failed
 */
export async function startServers(
  config: StackConfig,
  paths: StackPaths,
  report: Report
): Promise<{ ports: StackPorts; actions: Map<ServerName, StartAction> }> {
  const ports = await portsFor(config, paths)
  await writeState(paths, { mode: 'local', ports })
  const programs = await findServerPrograms(config, paths)
  const context: ServerContext = { config, paths, ports, programs }
  const started = new Map<ServerName, Promise<StartAction>>()
  for (const server of inOrderOfNeeds(LOCAL_SERVERS)) {
    const needs = server.needs.flatMap((name) => started.get(name) ?? [])
    started.set(
      server.name,
      Promise.all(needs).then(() => ensureServer(server, context, report))
    )
  }
  // All are waited for, so that none is left half started behind an error of another.
  await Promise.allSettled(started.values())
  const actions = new Map<ServerName, StartAction>()
  for (const [name, action] of started) {
    actions.set(name, await action)
  }
  return { ports, actions }
}

/** Takes all servers down, those that others need last. */
export async function stopServers(
  config: StackConfig,
  paths: StackPaths,
  report: Report
): Promise<number> {
  let ended = 0
  const order = inOrderOfNeeds(LOCAL_SERVERS).reverse()
  const isNeeded = (server: LocalServer) => order.some(({ needs }) => needs.includes(server.name))
  for (const group of [order.filter((it) => !isNeeded(it)), order.filter(isNeeded)]) {
    const ends = await Promise.all(group.map((it) => stopServer(it, config, paths, report)))
    ended += ends.filter(Boolean).length
  }
  return ended
}

/** Servers with those that others need first. */
export function inOrderOfNeeds(servers: readonly LocalServer[]): LocalServer[] {
  const ordered: LocalServer[] = []
  while (ordered.length < servers.length) {
    const names = new Set(ordered.map(({ name }) => name))
    const next = servers.find(
      ({ name, needs }) => !names.has(name) && needs.every((need) => names.has(need))
    )
    if (next === undefined) {
      throw new StackError('HAIL_STACK_START', 'The needs of the servers form a circle')
    }
    ordered.push(next)
  }
  return ordered
}

async function portsFor(config: StackConfig, paths: StackPaths): Promise<StackPorts> {
  const state = await readState(paths)
  const held = new Set<PortName>()
  for (const server of LOCAL_SERVERS) {
    if ((await readLiveRecord(pidFileOf(paths, server.name))) !== undefined) {
      for (const port of server.ports) {
        held.add(port)
      }
    } else {
      // A stray would hold the port that its successor wants.
      await endStrays(server.workDir(paths), server.program)
    }
  }
  return await choosePorts({
    preferred: config.ports,
    remembered: state?.ports,
    held,
    reserved: await portsOfOtherStacks(paths, config.name),
    isFree: isPortFree
  })
}

async function ensureServer(
  server: LocalServer,
  context: ServerContext,
  report: Report
): Promise<StartAction> {
  const pidFile = pidFileOf(context.paths, server.name)
  const known = await readRecord(pidFile)
  if (known !== undefined && (await isAlive(known))) {
    const isSame = known.fingerprint === fingerprintOf(server.command(context))
    if (isSame && (await answersWhileAlive(server, context, known, HANG_MS))) {
      return 'was up'
    }
    report(`${server.name}: ${isSame ? 'does not answer' : 'has other settings'}, is ended`)
    await endProcess(known, server.stopSignal, context.config.stopTimeoutMs)
  } else if (known !== undefined) {
    report(`${server.name}: had died (pid ${known.pid})`)
  }
  await startServer(server, context, report)
  return known === undefined ? 'started' : 'restarted'
}

async function startServer(
  server: LocalServer,
  context: ServerContext,
  report: Report
): Promise<void> {
  const startedAt = performance.now()
  const { paths, config, ports } = context
  await endStrays(server.workDir(paths), server.program)
  await server.prepare(context)
  const command = server.command(context)
  if (command.configFile !== undefined) {
    await mkdir(dirname(command.configFile.path), { recursive: true })
    await writeFile(command.configFile.path, command.configFile.text)
  }
  const logFile = logFileOf(paths, server.name)
  const record = await launch(
    { ...command, cwd: server.workDir(paths), logFile },
    fingerprintOf(command)
  )
  await writeRecord(pidFileOf(paths, server.name), record)
  if (!(await answersWhileAlive(server, context, record, config.startTimeoutMs))) {
    throw await startFailure(server, record, logFile, config.startTimeoutMs)
  }
  await server.finish?.(context)
  report(`${server.name}: up at ${server.address(ports)} in ${seconds(startedAt)}`)
}

async function answersWhileAlive(
  server: LocalServer,
  context: ServerContext,
  record: ProcessRecord,
  timeoutMs: number
): Promise<boolean> {
  let answers = false
  await waitUntil(async () => {
    answers = await server.answers(context.ports)
    return answers || !(await isAlive(record))
  }, timeoutMs)
  // Somebody else may answer on the port of a server that could not take it.
  return answers && (await isAlive(record))
}

async function startFailure(
  server: LocalServer,
  record: ProcessRecord,
  logFile: string,
  timeoutMs: number
): Promise<StackError> {
  const how = (await isAlive(record))
    ? `did not answer within ${timeoutMs / 1000} s`
    : 'ended while it was starting'
  return new StackError(
    'HAIL_STACK_START',
    `${server.name} ${how}; the end of ${logFile}:\n${lastLines(await logText(logFile), 15)}`
  )
}

async function logText(logFile: string): Promise<string> {
  try {
    return (await readFile(logFile, 'utf8')).slice(-64 * 1024)
  } catch (error) {
    if (isMissing(error)) {
      return '(no log)'
    }
    throw error
  }
}

async function stopServer(
  server: LocalServer,
  config: StackConfig,
  paths: StackPaths,
  report: Report
): Promise<boolean> {
  const pidFile = pidFileOf(paths, server.name)
  const record = await readRecord(pidFile)
  const startedAt = performance.now()
  const how =
    record === undefined
      ? 'was dead'
      : await endProcess(record, server.stopSignal, config.stopTimeoutMs)
  const strays = await endStrays(server.workDir(paths), server.program)
  await removeRecord(pidFile)
  if (how !== 'was dead' || strays > 0) {
    report(`${server.name}: ${how} in ${seconds(startedAt)}`)
  }
  return how !== 'was dead' || strays > 0
}
