/**
 * @module The servers under measurement: our ingress as it runs in production, and its peers. Peers do
 * less than we do (no token, no limits, no ids, no Avro), which is to their advantage.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../../core/index.ts'
import { stackEnvironment } from '../../ops/stack/index.ts'
import { type IngressChild, startIngressChild } from '../../test/support/ingress-child.ts'
import { childEnvironment } from '../config.ts'
import type { Stage } from '../stage.ts'

/** Peers; the first two write to Kafka, the others send the body back. */
export const peerNames = ['express', 'fastify', 'hyperExpressEcho', 'uwsEcho'] as const
export type PeerName = (typeof peerNames)[number]

/** A server that answers. */
export interface BenchServer {
  readonly port: number
  readonly pid: number
  end(): Promise<void>
}

const files: Readonly<Record<PeerName, string>> = {
  express: 'express.mjs',
  fastify: 'fastify.mjs',
  hyperExpressEcho: 'hyper-express.mjs',
  uwsEcho: 'uws.mjs'
}

const startPatienceMs = 15_000
const lookEveryMs = 20

/**
 * Our ingress. Every limit is on, as in production; those by address are raised, since the load has
 * one address, and there are as many users as stay below the limits of one.
 */
export function startOwnIngress(
  stage: Stage,
  environment: Readonly<Record<string, string>> = {}
): Promise<IngressChild> {
  return startIngressChild({
    environment: {
      ...stackEnvironment(stage.addresses),
      NODE_ENV: 'development',
      LOG_LEVEL: 'info',
      INGRESS_HOST: '127.0.0.1',
      ROLES: 'write',
      LIMIT_ADDRESS: '10000000',
      LIMIT_WRITES: '1000',
      ...environment
    }
  })
}

export async function startPeer(stage: Stage, name: PeerName, topic: string): Promise<BenchServer> {
  const port = await freePort()
  const file = fileURLToPath(new URL(`../peers/http/${files[name]}`, import.meta.url))
  const child = spawn(process.execPath, [file, String(port), stage.addresses.kafka, topic], {
    env: childEnvironment(),
    stdio: ['ignore', 'ignore', 'inherit']
  })
  await untilListening(stage.clock, child, port)
  return {
    port,
    pid: child.pid ?? -1,
    end: async () => {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function untilListening(clock: Clock, child: ChildProcess, port: number): Promise<void> {
  const until = clock.monotonic() + startPatienceMs
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`a peer ended with ${child.exitCode}`)
    if (clock.monotonic() > until) throw new Error(`nothing listens on ${port}`)
    await clock.sleep(lookEveryMs)
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const tell = (isUp: boolean) => (): void => {
      socket.destroy()
      resolve(isUp)
    }
    socket.once('connect', tell(true))
    socket.once('error', tell(false))
  })
}
