/**
 * Ports of a stack: the remembered ones while they are free, else the next free one above the
 * usual. A port is kept over restarts because Kafka's clients and metadata know brokers by it.
 *
 * @module
 */
import { createServer } from 'node:net'
import type { PreferredPorts } from './config.ts'
import { StackError } from './errors.ts'

/** The ports a stack listens on, all on the loopback address. */
export type StackPorts = PreferredPorts

/** One of the ports by name. */
export type PortName = keyof StackPorts

/** What `choosePorts` goes by. */
export type PortChoice = {
  preferred: StackPorts
  remembered?: StackPorts | undefined
  /** Ports held by our own live servers: kept without a look whether they are free. */
  held: ReadonlySet<PortName>
  /** Ports remembered by other stacks, which may be down just now. */
  reserved: ReadonlySet<number>
  /** Whether nothing listens on the port. */
  isFree: (port: number) => Promise<boolean>
}

/** All of them. */
export const PORT_NAMES: readonly PortName[] = [
  'kafka',
  'kafkaController',
  'registry',
  'redis',
  'mongo',
  'postgres'
]
// Far more than the stacks and services one machine runs; past it something is wrong.
const PORTS_TRIED_MAX = 200

/**
 * Chooses all ports of a stack, no two alike.
 *
 * @throws StackError HAIL_STACK_START when none of 200 ports in a row is free
 */
export async function choosePorts(choice: PortChoice): Promise<StackPorts> {
  const chosen: StackPorts = { ...choice.preferred }
  const taken = new Set<number>(choice.reserved)
  for (const name of choice.held) {
    const port = choice.remembered?.[name]
    if (port !== undefined) {
      chosen[name] = port
      taken.add(port)
    }
  }
  for (const name of PORT_NAMES) {
    if (choice.held.has(name) && choice.remembered !== undefined) {
      continue
    }
    chosen[name] = await choosePort(name, taken, choice)
    taken.add(chosen[name])
  }
  return chosen
}

/** True when a server could listen on this port of the loopback address now. */
export async function isPortFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.close(() => resolve(true))
    })
  })
}

async function choosePort(
  name: PortName,
  taken: ReadonlySet<number>,
  choice: PortChoice
): Promise<number> {
  const remembered = choice.remembered?.[name]
  const first = choice.preferred[name]
  const candidates = [
    ...(remembered === undefined ? [] : [remembered]),
    ...Array.from({ length: PORTS_TRIED_MAX }, (_, step) => first + step)
  ]
  for (const port of candidates) {
    if (port <= 65_535 && !taken.has(port) && (await choice.isFree(port))) {
      return port
    }
  }
  throw new StackError(
    'HAIL_STACK_START',
    `No free port for ${name} from ${first} to ${first + PORTS_TRIED_MAX - 1}; ` +
      'stop what listens there or choose another first port in the environment'
  )
}
