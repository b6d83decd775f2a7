/**
 * @module A TCP proxy between one process and one server, with every fault the tests need: it breaks
 * connections, hangs, is slow, loses one direction, or lets a request through and loses its reply. It
 * counts what it did, so that a test can prove its fault.
 *
 * While cut it still listens and breaks each connection at once: a port given back could be taken by
 * somebody else before the cut is over.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { FaultyLink } from './faulty-link.ts'
import { type ProxyProtocol, type Request, replyLoserOf } from './reply-loser.ts'

export type { Request } from './reply-loser.ts'

/** The way bytes go: to the server or back. */
export type Direction = 'requests' | 'replies'

/** A proxy on a port of its own. */
export interface FaultProxy {
  readonly port: number
  /** Connections broken by `cut`, those refused meanwhile included. */
  readonly broken: number
  /** Replies lost by `loseReply`. */
  readonly lost: number
  /** Bytes swallowed. */
  readonly swallowed: number
  /** The server is gone: open connections break, new ones too. */
  cut(): void
  /** The server hangs: connections are accepted and nothing passes; what came is passed once healed. */
  stall(): void
  /** Replies come this many ms later. */
  delay(delayMs: number): void
  /** Bytes of this direction vanish. A connection that lost some stays dead after `heal`, unnoticed. */
  swallow(direction: Direction): void
  /** The next of these requests reaches the server; its reply is dropped and its connection broken. */
  loseReply(requests: readonly Request[]): void
  /** All is well again, on the same port. */
  heal(): void
  /** Heals, counts from zero. */
  reset(): void
  close(): Promise<void>
}

/** What the proxy does now; its links look at it for every chunk. */
export interface FaultState {
  isCut: boolean
  isStalled: boolean
  delayMs: number
  swallowing: Direction | null
  wanted: readonly Request[]
  broken: number
  lost: number
  swallowed: number
}

const healthy = {
  isCut: false,
  isStalled: false,
  delayMs: 0,
  swallowing: null,
  wanted: []
} as const

/** Starts a proxy to `host:port`; replies can be lost only of a protocol it knows. */
export async function createFaultProxy(target: {
  readonly host: string
  readonly port: number
  readonly protocol?: ProxyProtocol
}): Promise<FaultProxy> {
  const { host, port, protocol = null } = target
  const state: FaultState = { ...healthy, broken: 0, lost: 0, swallowed: 0 }
  const links = new Set<FaultyLink>()
  const server = createServer((client) => {
    if (state.isCut) {
      refuse(state, client)
      return
    }
    const upstream = connect(port, host)
    const loser = replyLoserOf(protocol, state)
    const link = new FaultyLink({ client, upstream, state, loser })
    links.add(link)
    client.on('close', () => links.delete(link))
  })
  const breakAll = (): void => {
    for (const link of links) link.break()
  }
  const heal = (): void => {
    Object.assign(state, healthy)
    for (const link of links) link.resume()
  }
  return {
    port: await listen(server),
    get broken() {
      return state.broken
    },
    get lost() {
      return state.lost
    },
    get swallowed() {
      return state.swallowed
    },
    cut() {
      state.isCut = true
      state.broken += links.size
      breakAll()
    },
    stall() {
      state.isStalled = true
      for (const link of links) link.pause()
    },
    delay(delayMs) {
      state.delayMs = delayMs
    },
    swallow(direction) {
      state.swallowing = direction
    },
    loseReply(requests) {
      state.wanted = requests
    },
    heal,
    reset() {
      heal()
      Object.assign(state, { broken: 0, lost: 0, swallowed: 0 })
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      breakAll()
      await closed
    }
  }
}

function refuse(state: FaultState, client: Socket): void {
  state.broken += 1
  client.on('error', () => undefined)
  client.resetAndDestroy()
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (typeof address === 'object' && address !== null) resolve(address.port)
    })
  })
}
