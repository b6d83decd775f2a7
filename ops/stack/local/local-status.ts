/**
 * The state of a local stack's processes.
 *
 * @module
 */
import { pidFileOf, type StackPaths } from '../paths.ts'
import type { StackPorts } from '../ports.ts'
import { readLiveRecord } from '../process-record.ts'
import type { ServerStatus } from '../status.ts'
import type { LocalServer } from './server.ts'
import { LOCAL_SERVERS } from './servers.ts'

/** Each process: whether it lives and answers. */
export async function localServerStatus(
  paths: StackPaths,
  ports: StackPorts
): Promise<ServerStatus[]> {
  return await Promise.all(LOCAL_SERVERS.map((server) => statusOf(server, paths, ports)))
}

/** True when at least one process of the stack lives. */
export async function hasLiveServer(paths: StackPaths): Promise<boolean> {
  const records = await Promise.all(
    LOCAL_SERVERS.map(({ name }) => readLiveRecord(pidFileOf(paths, name)))
  )
  return records.some((record) => record !== undefined)
}

async function statusOf(
  server: LocalServer,
  paths: StackPaths,
  ports: StackPorts
): Promise<ServerStatus> {
  const base = { server: server.name, address: server.address(ports) }
  const record = await readLiveRecord(pidFileOf(paths, server.name))
  if (record === undefined) {
    return { ...base, state: 'down' }
  }
  const state = (await server.answers(ports)) ? 'up' : 'silent'
  return { ...base, state, pid: record.pid }
}
