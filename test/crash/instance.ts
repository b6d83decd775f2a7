/**
 * @module A child process of the crash tests as its parent sees it, behind proxies of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { inheritedVariables } from '../../ops/apps/config.ts'
import { createFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'
import { waitFor } from '../support/wait-for.ts'
import type { Counts, FromChild, RunPlan, ToChild } from './messages.ts'

/** The servers' addresses, as the stack gives them. */
export interface Servers {
  /** Brokers, `host:port`. */
  readonly kafka: readonly string[]
  /** `redis://host:port/db`. */
  readonly redis: string
}

type Waiter = { readonly told: FromChild['told']; readonly resolve: (news: FromChild) => void }

const repositoryDir = fileURLToPath(new URL('../../', import.meta.url))
const childFile = fileURLToPath(new URL('child.ts', import.meta.url))
const outputBytesMax = 65_536
const tellMs = 30_000

/** Starts a process that waits for its first run. */
export async function startInstance(servers: Servers): Promise<Instance> {
  const brokers = await Promise.all(
    servers.kafka.map((broker) => proxyTo(`tcp://${broker}`, 'kafka'))
  )
  const redis = await proxyTo(servers.redis, 'redis')
  const redirects = Object.fromEntries(
    [...brokers, redis].map(({ port, proxy }) => [port, proxy.port])
  )
  const child = spawn(process.execPath, ['--import', 'tsx', childFile, JSON.stringify(redirects)], {
    cwd: repositoryDir,
    env: inheritedVariables(),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc']
  })
  const instance = new Instance(child, {
    kafka: brokers.map(({ proxy }) => proxy),
    redis: redis.proxy
  })
  await instance.told('ready')
  return instance
}

async function proxyTo(url: string, protocol: 'kafka' | 'redis') {
  const { hostname: host, port: text } = new URL(url)
  const port = Number(text)
  return { port, proxy: await createFaultProxy({ host, port, protocol }) }
}

export class Instance {
  readonly kafka: readonly FaultProxy[]
  readonly redis: FaultProxy
  /** Codes of the tasks dropped in this run. */
  readonly dropped: string[] = []
  /** Errors of this run that a process of the application would end with. */
  readonly fatal: string[] = []
  readonly #child: ChildProcess
  readonly #ended: Promise<string>
  readonly #news: FromChild[] = []
  readonly #waiters: Waiter[] = []
  #exit: string | null = null
  #isKilled = false
  #output = ''
  #plan: RunPlan | null = null

  constructor(
    child: ChildProcess,
    proxies: { readonly kafka: readonly FaultProxy[]; readonly redis: FaultProxy }
  ) {
    this.kafka = proxies.kafka
    this.redis = proxies.redis
    this.#child = child
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-outputBytesMax)
    }
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    child.on('message', (news: FromChild) => this.#hear(news))
    this.#ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#exit = signal ?? String(code)
        resolve(this.#exit)
      })
    })
  }

  get proxies(): readonly FaultProxy[] {
    return [...this.kafka, this.redis]
  }

  get isAlive(): boolean {
    return this.#exit === null
  }

  /** What it ended with, when nobody killed it. */
  get ownEnd(): string | null {
    return this.#isKilled ? null : this.#exit
  }

  /** Standard output and error of this run so far, newest 64 KiB. */
  get output(): string {
    return this.#output
  }

  /** Null before the first run. */
  get clientId(): string | null {
    return this.#plan?.clientId ?? null
  }

  /** Starts a run; `told('joined')` or a hit follows. */
  run(plan: RunPlan): void {
    this.#plan = plan
    this.#news.length = 0
    this.dropped.length = 0
    this.fatal.length = 0
    this.#output = ''
    for (const proxy of this.proxies) proxy.reset()
    this.order({ do: 'run', plan })
  }

  order(order: ToChild): void {
    if (this.isAlive) this.#child.send(order, () => undefined)
  }

  /** The oldest news of this kind not taken yet. @throws Error when none comes in time */
  async told<K extends FromChild['told']>(
    told: K,
    timeoutMs = tellMs
  ): Promise<Extract<FromChild, { told: K }>> {
    let news: FromChild | null = this.#take(told)
    if (news === null) {
      const waiter: Waiter = {
        told,
        resolve: (heard) => {
          news = heard
        }
      }
      this.#waiters.push(waiter)
      await waitFor(
        `a child to tell "${told}"`,
        () => {
          if (news === null && !this.isAlive) {
            throw new Error(`expected a child to tell "${told}", it ended with ${this.#exit}`)
          }
          return news !== null
        },
        { timeoutMs, everyMs: 5 }
      ).finally(() => {
        const at = this.#waiters.indexOf(waiter)
        if (at >= 0) this.#waiters.splice(at, 1)
      })
    }
    return news as unknown as Extract<FromChild, { told: K }>
  }

  async counts(timeoutMs?: number): Promise<Counts> {
    this.order({ do: 'counts' })
    return this.told('counts', timeoutMs)
  }

  /** SIGKILL. @returns what it ended with */
  async kill(): Promise<string> {
    this.#isKilled = true
    if (this.isAlive) this.#child.kill('SIGKILL')
    return this.#ended
  }

  /** SIGSTOP; resolves once the kernel has stopped it. */
  async pause(): Promise<void> {
    this.#child.kill('SIGSTOP')
    await waitFor('the process to stop', () => this.#processState() === 'T', { everyMs: 5 })
  }

  resume(): void {
    this.#child.kill('SIGCONT')
  }

  cut(): void {
    for (const proxy of this.proxies) proxy.cut()
  }

  heal(): void {
    for (const proxy of this.proxies) proxy.heal()
  }

  /** Ends the run in good order, so that another may follow. @throws Error when it does not end in time */
  async end(timeoutMs = 15_000): Promise<void> {
    if (!this.isAlive || this.#plan === null) return
    this.order({ do: 'end' })
    await this.told('ended', timeoutMs)
    this.#plan = null
  }

  async close(): Promise<void> {
    await this.kill()
    await Promise.all(this.proxies.map((proxy) => proxy.close()))
  }

  #hear(news: FromChild): void {
    if (news.told === 'dropped') this.dropped.push(news.code)
    if (news.told === 'fatal') this.fatal.push(`${news.code}: ${news.message}`)
    const at = this.#waiters.findIndex(({ told }) => told === news.told)
    const [waiter] = at < 0 ? [] : this.#waiters.splice(at, 1)
    if (waiter) waiter.resolve(news)
    else this.#news.push(news)
  }

  #take(told: FromChild['told']): FromChild | null {
    const at = this.#news.findIndex((news) => news.told === told)
    return at < 0 ? null : (this.#news.splice(at, 1)[0] ?? null)
  }

  /** The letter of /proc/<pid>/stat, after the name in brackets. */
  #processState(): string {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3)
  }
}
