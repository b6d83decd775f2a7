/**
 * @module The process of the ingress as its callers and operators see it: two ports, a log, signals.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { ingressNodeEnvironment } from '../../ops/apps/app-specs.ts'
import { inheritedVariables } from '../../ops/apps/config.ts'
import { nodeArguments } from '../../ops/strip-types/node-arguments.ts'
import { isSwitchedOff } from './config.ts'
import type { Redirects } from './socket-redirect.ts'

export interface IngressChild {
  /** Base of the public routes. */
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Everything it wrote to standard output. */
  output(): string
  /** Sum over the label sets of a metric; 0 when it has none. */
  metric(name: string): Promise<number>
  /** The readiness answer: its status and what the check of the ingress says. */
  readiness(): Promise<{ readonly status: number; readonly detail: string }>
  /** What it tells operators about itself. */
  status<T>(): Promise<T>
  /** SIGTERM. @returns its exit code */
  stop(): Promise<number | null>
  /** SIGKILL. */
  kill(): Promise<void>
}

export interface IngressChildOptions {
  readonly environment: Readonly<Record<string, string>>
  /** Ports whose connections go elsewhere; every port it connects to must be named then. */
  readonly redirects?: Redirects
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const running = new Set<ChildProcess>()

/** Starts the process and waits until it listens. @throws Error with its output when it ends first */
export async function startIngressChild(options: IngressChildOptions): Promise<IngressChild> {
  const child = launch(options)
  running.add(child)
  let output = ''
  const ports = new Promise<{ port: number; opsPort: number }>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      const port = portIn(output, 'the ingress listens')
      const opsPort = portIn(output, 'the operator port listens')
      if (port !== null && opsPort !== null) resolve({ port, opsPort })
    })
    child.once('exit', (code) => reject(new Error(`the ingress ended with ${code}: ${output}`)))
  })
  const { port, opsPort } = await ports
  const opsUrl = `http://127.0.0.1:${opsPort}`
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    const exited = once(child, 'exit') as Promise<[number | null]>
    child.kill(signal)
    const [code] = await exited
    running.delete(child)
    return code
  }
  return {
    url: `http://127.0.0.1:${port}/api/v1`,
    port,
    pid: child.pid ?? 0,
    output: () => output,
    metric: async (name) => sumOf(name, await (await fetch(`${opsUrl}/metrics`)).text()),
    readiness: async () => {
      const reply = await fetch(`${opsUrl}/ready`)
      const { checks } = (await reply.json()) as { checks: { ingress: { detail: string } } }
      return { status: reply.status, detail: checks.ingress.detail }
    },
    status: async <T>() =>
      ((await (await fetch(`${opsUrl}/status`)).json()) as { status: T }).status,
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL'))
  }
}

/** Ends whatever a failed test left behind. */
export function killIngressChildren(): void {
  for (const child of running) child.kill('SIGKILL')
  running.clear()
}

function launch({ environment, redirects }: IngressChildOptions): ChildProcess {
  const isLying = isSwitchedOff('no-ack-before-202')
  const entry = isLying ? './lying-ingress.ts' : '../../ingress/main.ts'
  const given = redirects === undefined ? [] : [JSON.stringify(redirects)]
  const started = nodeArguments(new URL(entry, import.meta.url), given)
  if (redirects !== undefined) {
    const preload = new URL('./redirect-preload.ts', import.meta.url).href
    started.splice(started.length - 2, 0, '--import', preload)
  }
  return spawn(process.execPath, started, {
    cwd: root,
    env: {
      PATH: inheritedVariables()['PATH'] ?? '',
      NODE_ENV: 'test',
      ...ingressNodeEnvironment,
      INGRESS_PORT: '0',
      INGRESS_OPS_PORT: '0',
      ...environment
    },
    stdio: ['ignore', 'pipe', 'inherit']
  })
}

/** The port in the log line that ends with this message. */
function portIn(output: string, message: string): number | null {
  const found = new RegExp(`"port":(\\d+).*${message}`).exec(output)
  return found === null ? null : Number(found[1])
}

function sumOf(name: string, exposition: string): number {
  const line = new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm')
  return [...exposition.matchAll(line)].reduce((sum, [, value]) => sum + Number(value), 0)
}
