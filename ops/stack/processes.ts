/**
 * Starts servers that outlive the command that starts them, and ends them.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { mkdir, open, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { inheritedEnvironment } from './config.ts'
import { StackError } from './errors.ts'
import { hasCode, isMissing } from './files.ts'
import { birthOf, isAlive, type ProcessRecord } from './process-record.ts'
import { waitUntil } from './wait.ts'

/** How a server is started. */
export type Launch = {
  file: string
  args: readonly string[]
  /** Its data folder: strays are told by it, see strays.ts. */
  cwd: string
  logFile: string
  environment?: Readonly<Record<string, string>>
}

// A log past this is kept as one older file at the next start: at most twice this a server.
const LOG_BYTES_MAX = 20 * 1024 * 1024
const KILL_WAIT_MS = 10_000

/**
 * Starts a server in a session of its own, its output going to its log.
 *
 * @throws StackError HAIL_STACK_START when the program cannot be run at all
 */
export async function launch(server: Launch, fingerprint: string): Promise<ProcessRecord> {
  await mkdir(dirname(server.logFile), { recursive: true })
  await rotateLog(server.logFile)
  const log = await open(server.logFile, 'a')
  try {
    const child = spawn(server.file, server.args, {
      cwd: server.cwd,
      env: { ...inheritedEnvironment(), ...server.environment },
      detached: true,
      stdio: ['ignore', log.fd, log.fd]
    })
    const failure = await new Promise<Error | undefined>((resolve) => {
      child.once('spawn', () => resolve(undefined))
      child.once('error', resolve)
    })
    if (failure !== undefined || child.pid === undefined) {
      throw new StackError('HAIL_STACK_START', `${server.file} cannot be run`, { cause: failure })
    }
    child.unref()
    const birth = (await birthOf(child.pid)) ?? 'ended at once'
    return { pid: child.pid, birth, fingerprint }
  } finally {
    await log.close()
  }
}

/**
 * Ends a process: politely, then by SIGKILL once `timeoutMs` has passed.
 *
 * @returns how it ended
 * @throws StackError HAIL_STACK_STOP when not even SIGKILL ends it
 */
export async function endProcess(
  record: ProcessRecord,
  signal: NodeJS.Signals,
  timeoutMs: number
): Promise<'was dead' | 'ended' | 'killed'> {
  if (!(await isAlive(record))) {
    return 'was dead'
  }
  sendSignal(record.pid, signal)
  const isGone = async () => !(await isAlive(record))
  if (await waitUntil(isGone, timeoutMs)) {
    return 'ended'
  }
  sendSignal(record.pid, 'SIGKILL')
  if (await waitUntil(isGone, KILL_WAIT_MS)) {
    return 'killed'
  }
  throw new StackError(
    'HAIL_STACK_STOP',
    `Process ${record.pid} is still there ${KILL_WAIT_MS / 1000} s after SIGKILL; ` +
      'it hangs in the kernel, look at its disk'
  )
}

/** Sends a signal; a process that is gone by then is no error. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) {
      throw error
    }
  }
}

async function rotateLog(logFile: string): Promise<void> {
  try {
    if ((await stat(logFile)).size > LOG_BYTES_MAX) {
      await rename(logFile, `${logFile}.1`)
    }
  } catch (error) {
    if (!isMissing(error)) {
      throw error
    }
  }
}
