/**
 * Runs a program to its end and keeps what it printed.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { inheritedEnvironment } from './config.ts'
import { StackError } from './errors.ts'

/** A program, its arguments and where it runs. */
export type Command = {
  file: string
  args: readonly string[]
  cwd?: string
  /** Added to the inherited environment. */
  environment?: Readonly<Record<string, string>>
  /** Killed after this time, ms. */
  timeoutMs?: number
}

/** How it ended; `status` is null when it could not be started or was killed. */
export type CommandResult = { status: number | null; stdout: string; stderr: string }

/** Runs commands; a fake stands in for it in unit tests. */
export type RunCommand = (command: Command) => Promise<CommandResult>

// Enough for the last screenfuls of a failing build; more would only fill memory.
const OUTPUT_KEPT_MAX = 256 * 1024

/** Runs a program without a shell and without standard input. Never throws. */
export async function runCommand(command: Command): Promise<CommandResult> {
  return await new Promise((resolve) => {
    const child = spawn(command.file, command.args, {
      cwd: command.cwd,
      env: { ...inheritedEnvironment(), ...command.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: command.timeoutMs,
      killSignal: 'SIGKILL'
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout = (stdout + text).slice(-OUTPUT_KEPT_MAX)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-OUTPUT_KEPT_MAX)
    })
    child.once('error', (error) => resolve({ status: null, stdout, stderr: error.message }))
    child.once('close', (status) => resolve({ status, stdout, stderr }))
  })
}

/**
 * Runs a program that must succeed.
 *
 * @throws StackError HAIL_STACK_INSTALL with the end of its output
 */
export async function mustRun(what: string, command: Command): Promise<CommandResult> {
  const result = await runCommand(command)
  if (result.status !== 0) {
    const shown = [command.file, ...command.args].join(' ')
    throw new StackError(
      'HAIL_STACK_INSTALL',
      `${what} failed (exit ${result.status ?? 'none'}) running: ${shown}\n` +
        lastLines(`${result.stdout}\n${result.stderr}`, 20)
    )
  }
  return result
}

/** The last lines of a text, without blank ones. */
export function lastLines(text: string, count: number): string {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count)
    .join('\n')
}
