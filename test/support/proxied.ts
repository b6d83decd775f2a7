/**
 * @module The redirects of a process behind proxies: named servers through theirs, the others straight.
 */
import { firstEndpoint } from '../../ops/stack/endpoints.ts'
import type { StackAddresses } from '../../ops/stack/index.ts'
import type { FaultProxy } from './fault-proxy.ts'
import type { Redirects } from './socket-redirect.ts'

type Server = 'kafka' | 'registry' | 'redis' | 'mongo'
const servers: readonly Server[] = ['kafka', 'registry', 'redis', 'mongo']

/** For stacks on the loopback address with one broker. */
export function throughProxies(
  addresses: StackAddresses,
  proxies: Partial<Record<Server, FaultProxy>>
): Redirects {
  const redirects: Record<string, number> = {}
  for (const server of servers) {
    const port = firstEndpoint(addresses[server])?.port
    if (port !== undefined) redirects[port] = proxies[server]?.port ?? port
  }
  return redirects
}

/** A proxy's target. */
export function endpointOf(address: string): { host: string; port: number } {
  const endpoint = firstEndpoint(address)
  if (endpoint === undefined) throw new RangeError(`expected host and port, got ${address}`)
  return endpoint
}
