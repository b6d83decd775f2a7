/**
 * What runs, what answers, and where.
 *
 * @module
 */
import { externalAddresses, type StackAddresses } from './addresses.ts'
import type { StackConfig } from './config.ts'
import { firstEndpoint } from './endpoints.ts'
import { localServerStatus } from './local/local-status.ts'
import type { StackPaths } from './paths.ts'
import {
  acceptsConnections,
  httpAnswers,
  kafkaAnswers,
  mongoAnswers,
  redisAnswers
} from './probes.ts'
import type { StackState } from './state.ts'

/** One server. `silent`: there, but it does not answer. `unknown`: cannot be asked from here. */
export type ServerStatus = {
  server: string
  address: string
  state: 'up' | 'silent' | 'down' | 'unknown'
  /** Only of processes that this tool started. */
  pid?: number
}

/** A stack as a whole; mode `none` when nothing was ever started under this name. */
export type StackStatus = {
  name: string
  mode: StackAddresses['mode'] | 'none'
  servers: readonly ServerStatus[]
}

/** True when every server answers. */
export function isUp(status: StackStatus): boolean {
  return status.servers.length > 0 && status.servers.every(({ state }) => state === 'up')
}

/** Servers of a local stack: processes and their answers. */
export async function statusOfLocal(
  config: StackConfig,
  paths: StackPaths,
  state: StackState
): Promise<StackStatus> {
  return {
    name: config.name,
    mode: 'local',
    servers: await localServerStatus(paths, state.ports)
  }
}

/** Servers behind published ports: each is asked in its own protocol. */
export async function statusOfContainers(
  config: StackConfig,
  addresses: StackAddresses
): Promise<StackStatus> {
  const servers = await Promise.all([
    askedAt('kafka', addresses.kafka, kafkaAnswers),
    askedRegistry(addresses.registry),
    askedAt('redis', addresses.redis, redisAnswers),
    askedAt('mongo', addresses.mongo, mongoAnswers)
  ])
  return { name: config.name, mode: 'compose', servers }
}

/**
 * Servers of somebody else: only whether they accept connections, since they may want TLS or a
 * password that this tool has no business with.
 */
export async function statusOfExternal(config: StackConfig): Promise<StackStatus> {
  const addresses = externalAddresses(config.given)
  const named = addresses === undefined ? [] : Object.entries(addresses)
  const servers = await Promise.all(
    named
      .filter(([server]) => server !== 'mode')
      .map(([server, address]) => askedAt(server, address, acceptsConnections))
  )
  return { name: config.name, mode: 'external', servers }
}

type Ask = (endpoint: { host: string; port: number }) => Promise<boolean>

async function askedAt(server: string, address: string, ask: Ask): Promise<ServerStatus> {
  const shown = withoutPassword(address)
  const endpoint = firstEndpoint(address)
  if (endpoint === undefined) {
    return { server, address: shown, state: 'unknown' }
  }
  if (await ask(endpoint)) {
    return { server, address: shown, state: 'up' }
  }
  const state = (await acceptsConnections(endpoint)) ? 'silent' : 'down'
  return { server, address: shown, state }
}

async function askedRegistry(address: string): Promise<ServerStatus> {
  return await askedAt('registry', address, () => httpAnswers(`${address}/subjects`))
}

/** The same address with the password of its user info starred out. */
export function withoutPassword(address: string): string {
  return address.replace(/(:\/\/[^:@/]*):[^@/]*@/, '$1:***@')
}
