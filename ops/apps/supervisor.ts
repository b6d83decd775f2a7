/**
 * @module Keeps the application's processes running: starts them in order, restarts one that ends,
 * and takes the dead one's members out of their consumer groups, so that its tasks move at once
 * instead of after the session timeout.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Clock, Logger } from '../../core/index.ts'
import type { Kafka } from '../../core/kafka/index.ts'
import { nodeArguments } from '../strip-types/node-arguments.ts'
import type { AppName, AppSpec } from './app-specs.ts'

export interface SupervisorOptions {
  readonly specs: readonly AppSpec[]
  readonly repositoryDir: string
  readonly logDir: string
  readonly inherited: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly logger: Logger
  /** For taking dead members out of their groups. */
  readonly kafka: Pick<Kafka, 'removeMember'>
  /** Longest wait for a process to become ready, ms. */
  readonly readyTimeoutMs: number
  /** Longest wait for a process to stop by itself, ms. */
  readonly stopTimeoutMs: number
}

interface Member {
  readonly groupId: string
  readonly memberId: string
}

interface Running {
  readonly spec: AppSpec
  child: ChildProcess | null
  log: WriteStream
  restarts: number
  startedMs: number
  members: Member[]
}

/** First and longest wait before a process that ended is started again, ms. */
const restartMs = 100
const restartMsMax = 10_000
/** A process that lived this long starts over with the first wait, ms. */
const steadyMs = 30_000
/** How often a process is asked for its group members, ms. */
const membersEveryMs = 1_000

export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #running = new Map<AppName, Running>()
  #stopping = false
  #restarts = 0
  #polling: { cancel(): void } | null = null

  constructor(options: SupervisorOptions) {
    this.#options = options
    mkdirSync(options.logDir, { recursive: true })
  }

  /** Starts all processes and waits until each is ready. */
  async start(tell: (line: string) => void): Promise<void> {
    for (const spec of this.#options.specs) {
      const log = createWriteStream(join(this.#options.logDir, `${spec.name}.log`), { flags: 'a' })
      // A full disk costs the log, not the application.
      log.on('error', () => undefined)
      const running: Running = { spec, child: null, log, restarts: 0, startedMs: 0, members: [] }
      this.#running.set(spec.name, running)
      this.#spawn(running)
    }
    for (const spec of this.#options.specs) {
      await this.#waitReady(spec)
      tell(`${spec.name} is ready`)
    }
    this.#pollMembers()
  }

  /** Process ids by name; null while one is being restarted. */
  pids(): Record<string, number | null> {
    return Object.fromEntries(
      [...this.#running.values()].map(({ spec, child }) => [spec.name, child?.pid ?? null])
    )
  }

  /** Restarts of all processes since the start. */
  restarts(): number {
    return this.#restarts
  }

  /** Waits until a process answers that it is ready. */
  async waitReady(name: AppName): Promise<void> {
    const running = this.#running.get(name)
    if (running) await this.#waitReady(running.spec)
  }

  /** Sends a signal to a process, as an operator or a crash would. */
  kill(name: AppName, signal: NodeJS.Signals): void {
    this.#running.get(name)?.child?.kill(signal)
  }

  /** Stops all processes, last started first, each with time to drain. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#polling?.cancel()
    for (const running of [...this.#running.values()].reverse()) {
      await this.#stopOne(running)
      running.log.end()
    }
  }

  async #stopOne(running: Running): Promise<void> {
    const { child, spec } = running
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill('SIGTERM')
    const timer = this.#options.clock.setTimer(() => {
      this.#options.logger.warn({ service: spec.name }, 'did not stop in time; killed')
      child.kill('SIGKILL')
    }, this.#options.stopTimeoutMs)
    await ended
    timer.cancel()
  }

  #spawn(running: Running): void {
    const { spec, log } = running
    const { repositoryDir, inherited, clock } = this.#options
    const child = spawn(
      process.execPath,
      nodeArguments(pathToFileURL(join(repositoryDir, spec.entry)), spec.args),
      {
        cwd: repositoryDir,
        env: environmentOf(spec, inherited),
        stdio: ['ignore', 'pipe', 'pipe']
      }
    )
    running.child = child
    running.startedMs = clock.monotonic()
    child.stdout?.pipe(log, { end: false })
    child.stderr?.pipe(log, { end: false })
    child.once('error', (error) => this.#onExit(running, child, String(error)))
    child.once('exit', (code, signal) => this.#onExit(running, child, signal ?? String(code)))
  }

  #onExit(running: Running, child: ChildProcess, reason: string): void {
    if (running.child !== child) return
    running.child = null
    if (this.#stopping) return
    const { clock, logger } = this.#options
    if (clock.monotonic() - running.startedMs > steadyMs) running.restarts = 0
    const waitMs = Math.min(restartMs * 2 ** running.restarts, restartMsMax)
    running.restarts += 1
    this.#restarts += 1
    logger.warn(
      { service: running.spec.name, reason, durationMs: waitMs },
      'process ended; restarting it'
    )
    void this.#removeMembers(running)
    clock.setTimer(() => {
      if (!this.#stopping) this.#spawn(running)
    }, waitMs)
  }

  async #removeMembers(running: Running): Promise<void> {
    const members = running.members
    running.members = []
    for (const { groupId, memberId } of members) {
      await this.#options.kafka.removeMember(groupId, memberId).catch((error: unknown) => {
        this.#options.logger.warn(
          { groupId, memberId, err: error },
          'a dead member stays until its session ends'
        )
      })
    }
  }

  #pollMembers(): void {
    const { clock } = this.#options
    const poll = async (): Promise<void> => {
      for (const running of this.#running.values()) {
        const { statusUrl } = running.spec
        const { child } = running
        if (statusUrl === null || child === null) continue
        const members = await fetchMembers(statusUrl)
        if (members !== null && running.child === child) running.members = members
      }
      if (!this.#stopping) this.#polling = clock.setTimer(() => void poll(), membersEveryMs)
    }
    void poll()
  }

  async #waitReady(spec: AppSpec): Promise<void> {
    const { clock, readyTimeoutMs, logDir } = this.#options
    const deadline = clock.monotonic() + readyTimeoutMs
    while (clock.monotonic() < deadline && !this.#stopping) {
      if (await answersOk(spec.readyUrl)) return
      await clock.sleep(100)
    }
    throw new Error(
      `expected ${spec.name} to be ready within ${readyTimeoutMs / 1000} s, it is not; see ${join(logDir, `${spec.name}.log`)}`
    )
  }
}

/** True when a GET of the URL is answered with 200 within two seconds. */
export async function answersOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    // Not listening yet, or not any more: not ready either way.
    return false
  }
}

/** What a process of ours wants of Node is added to what whoever started us wants of it. */
function environmentOf(
  { environment }: AppSpec,
  inherited: SupervisorOptions['inherited']
): NodeJS.ProcessEnv {
  const all = { ...inherited, ...environment }
  const options = [inherited['NODE_OPTIONS'], environment['NODE_OPTIONS']].filter(Boolean)
  return options.length === 0 ? all : { ...all, NODE_OPTIONS: options.join(' ') }
}

async function fetchMembers(url: string): Promise<Member[] | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    const body = (await response.json()) as { status?: { members?: Partial<Member>[] } }
    return (body.status?.members ?? []).filter(
      (member): member is Member =>
        typeof member.groupId === 'string' && typeof member.memberId === 'string'
    )
  } catch {
    // The last known members stay.
    return null
  }
}
