/**
 * @module wrk as the load generator: closed loop, one request a connection at a time. One thread, so
 * that on two cores it takes turns with the broker and not with the server.
 */
import { fileURLToPath } from 'node:url'
import { runCommand } from '../../ops/stack/command.ts'
import { usageOf } from '../process-usage.ts'

export interface WrkOptions {
  readonly port: number
  readonly pid: number
  readonly connections: number
  readonly seconds: number
  /** `%s` stands for the subject of the token. */
  readonly path: string
  readonly tokens: string
  readonly bodies: string
}

/** What a run found; times in ms. */
export interface WrkRun {
  readonly requests: number
  readonly requestsPerSecond: number
  /** Answers of status 400 and more. */
  readonly refused: number
  /** Connections refused or cut. */
  readonly broken: number
  /** Answers that took longer than 2 s. */
  readonly timedOut: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
  /** CPU time of the server over the time, in cores. */
  readonly serverCores: number
}

const script = fileURLToPath(new URL('wrk/request.lua', import.meta.url))
const microsecondsPerMs = 1_000

/** Installs wrk where apt can; throws an Error that says what to do elsewhere. */
export async function ensureWrk(): Promise<void> {
  if (await isThere()) return
  await runCommand({ file: 'apt-get', args: ['update'] })
  await runCommand({ file: 'apt-get', args: ['install', '-y', 'wrk'] })
  if (await isThere()) return
  throw new Error('the bench needs the load generator wrk: apt-get install wrk')
}

async function isThere(): Promise<boolean> {
  // It has no option that ends with success.
  const { stdout, stderr } = await runCommand({ file: 'wrk', args: ['--version'] })
  return `${stdout}${stderr}`.includes('wrk')
}

export async function runWrk(options: WrkOptions): Promise<WrkRun> {
  const { port, pid, connections, seconds, path, tokens, bodies } = options
  const before = await usageOf(pid)
  const { status, stdout, stderr } = await runCommand({
    file: 'wrk',
    args: [
      ...['-t1', `-c${connections}`, `-d${seconds}s`, '-s', script],
      ...[`http://127.0.0.1:${port}`, '--', tokens, path, bodies]
    ]
  })
  const after = await usageOf(pid)
  const line = stdout.trim().split('\n').at(-1) ?? ''
  if (status !== 0 || !line.startsWith('{')) {
    throw new Error(`wrk failed (${status}): ${stdout}${stderr}`)
  }
  const told = JSON.parse(line) as Record<string, number>
  const figure = (name: string): number => told[name] ?? Number.NaN
  const elapsed = figure('microseconds') / 1e6
  const milliseconds = (name: string): number => rounded(figure(name) / microsecondsPerMs)
  return {
    requests: figure('requests'),
    requestsPerSecond: Math.round(figure('requests') / elapsed),
    refused: figure('refused'),
    broken: figure('broken'),
    timedOut: figure('timedOut'),
    p50: milliseconds('p50'),
    p90: milliseconds('p90'),
    p99: milliseconds('p99'),
    max: milliseconds('max'),
    serverCores: rounded((after.cpuSeconds - before.cpuSeconds) / elapsed)
  }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
