/**
 * @module A streams process as a child of a test: started with an environment, awaited, killed.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { inheritedVariables } from '../../ops/apps/config.ts'

export interface Child {
  readonly process: ChildProcess
  /** Resolves with the signal that ended it, or the exit code. */
  readonly ended: Promise<string>
  /** Standard output and error so far, newest 64 KiB. */
  output(): string
  stop(): Promise<void>
}

const repositoryDir = fileURLToPath(new URL('../../', import.meta.url))
const outputBytesMax = 65_536

/** Starts `streams/main.ts`; port 0 lets several run at once. */
export function startStreams(environment: Readonly<Record<string, string>>): Child {
  const child = spawn(process.execPath, ['--import', 'tsx', 'streams/main.ts'], {
    cwd: repositoryDir,
    env: { ...inheritedVariables(), STREAMS_OPS_PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let output = ''
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-outputBytesMax)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? String(code)))
  })
  return {
    process: child,
    ended,
    output: () => output,
    stop: async () => {
      child.kill('SIGTERM')
      await ended
    }
  }
}
