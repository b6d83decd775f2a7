/**
 * @module Sends every outgoing connection of this process through proxies, those to addresses that a
 * broker advertises too: nothing of it can get round a fault.
 */
import { Socket } from 'node:net'

/** Proxy port by the port of the server. */
export type Redirects = Readonly<Record<string, number>>

interface ConnectOptions {
  port?: number | string
  host?: string
}

/** Connections to any other port are refused. */
export function redirectSockets(redirects: Redirects): void {
  const connect = Socket.prototype.connect as (this: Socket, ...args: unknown[]) => Socket
  const redirected = function (this: Socket, ...args: unknown[]): Socket {
    const options = optionsOf(args[0])
    const port = redirects[String(options?.port)]
    if (options === null || port === undefined) {
      throw new RangeError(`expected a server behind a proxy, got port ${options?.port}`)
    }
    options.port = port
    options.host = '127.0.0.1'
    return connect.apply(this, args)
  }
  Socket.prototype.connect = redirected as typeof Socket.prototype.connect
}

/** `net.connect` passes its arguments on as one array whose first element is the options. */
function optionsOf(first: unknown): ConnectOptions | null {
  if (Array.isArray(first)) return optionsOf(first[0])
  return typeof first === 'object' && first !== null ? (first as ConnectOptions) : null
}
