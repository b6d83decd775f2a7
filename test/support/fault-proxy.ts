/**
 * @module A TCP proxy in front of a server, to take the server away and bring it back for one test
 * while others go on using it.
 */

import { connect, createServer, type Server, type Socket } from 'node:net'

/** A proxy on a port of its own. */
export type FaultProxy = {
  readonly port: number
  /** The server is gone: open connections break, new ones are refused. */
  cut(): Promise<void>
  /** The server hangs: connections are accepted and nothing passes either way. */
  stall(): void
  /** All is well again, on the same port. */
  heal(): Promise<void>
  close(): Promise<void>
}

/** Starts a proxy to `host:port`. */
export async function createFaultProxy(target: {
  readonly host: string
  readonly port: number
}): Promise<FaultProxy> {
  const sockets = new Set<Socket>()
  let isStalled = false

  const track = (socket: Socket): Socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // Its other half is told by the close; errors of either are the point of the exercise.
    socket.on('error', () => undefined)
    if (isStalled) socket.pause()
    return socket
  }
  const server = createServer((client) => {
    const upstream = track(connect(target.port, target.host))
    track(client)
    pass(client, upstream)
    pass(upstream, client)
  })

  async function cut(): Promise<void> {
    const closing = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of sockets) socket.destroy()
    await closing
  }

  const port = await listen(server, 0)
  return {
    port,
    cut,
    stall: () => {
      isStalled = true
      for (const socket of sockets) socket.pause()
    },
    heal: async () => {
      isStalled = false
      for (const socket of sockets) socket.resume()
      if (!server.listening) await listen(server, port)
    },
    close: async () => {
      if (server.listening) await cut()
    }
  }
}

function pass(from: Socket, to: Socket): void {
  from.on('data', (bytes) => void to.write(bytes))
  from.on('close', () => to.destroy())
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}
