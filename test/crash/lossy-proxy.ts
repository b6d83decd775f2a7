/**
 * @module A TCP proxy between one process and one server that can break every connection, or let a
 * request through and lose its reply. It counts what it did, so that a test can prove its fault.
 *
 * While cut it still listens and breaks each connection at once: a port given back could be taken by
 * somebody else before the cut is over.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { systemClock } from '../../core/index.ts'
import { KafkaFrames } from './kafka-frames.ts'

export type ProxyProtocol = 'kafka' | 'redis'

/** A request to lose the reply of: an api key of Kafka, or a command of Redis (`*`: any). */
export type Request = number | string

export interface LossyProxy {
  readonly port: number
  /** Connections broken by `cut`, those refused meanwhile included. */
  readonly broken: number
  /** Replies lost. */
  readonly lost: number
  cut(): void
  heal(): void
  /** Heals, counts from zero. */
  reset(): void
  /** The next of these requests reaches the server; its reply is dropped and its connection broken. */
  loseReply(requests: readonly Request[]): void
  close(): Promise<void>
}

interface State {
  readonly protocol: ProxyProtocol
  readonly sockets: Set<Socket>
  isCut: boolean
  broken: number
  lost: number
  wanted: readonly Request[]
}

/** Bytes of a request's header: length, api key, version, correlation id. */
const requestHeadBytes = 12
/** Bytes of a reply's header: length, correlation id. */
const replyHeadBytes = 8
/** Redis answers in the order of the requests and within a millisecond; earlier answers may come first. */
const redisReplyMs = 30

/** Starts a proxy to `host:port`. */
export async function createLossyProxy(target: {
  readonly host: string
  readonly port: number
  readonly protocol: ProxyProtocol
}): Promise<LossyProxy> {
  const state: State = {
    protocol: target.protocol,
    sockets: new Set(),
    isCut: false,
    broken: 0,
    lost: 0,
    wanted: []
  }
  const server = createServer((client) => {
    if (state.isCut) {
      state.broken += 1
      client.on('error', () => undefined)
      client.resetAndDestroy()
      return
    }
    const upstream = connect(target.port, target.host)
    for (const socket of [client, upstream]) track(state, socket)
    if (state.protocol === 'kafka') joinKafka(state, client, upstream)
    else joinRedis(state, client, upstream)
  })
  const breakAll = (): void => {
    for (const socket of state.sockets) socket.destroy()
  }
  return {
    port: await listen(server),
    get broken() {
      return state.broken
    },
    get lost() {
      return state.lost
    },
    cut() {
      state.isCut = true
      // Two sockets a connection.
      state.broken += state.sockets.size / 2
      breakAll()
    },
    heal() {
      state.isCut = false
    },
    reset() {
      Object.assign(state, { isCut: false, broken: 0, lost: 0, wanted: [] })
    },
    loseReply(requests) {
      state.wanted = requests
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      breakAll()
      await closed
    }
  }
}

function track(state: State, socket: Socket): void {
  state.sockets.add(socket)
  socket.setNoDelay(true)
  socket.on('close', () => state.sockets.delete(socket))
  // Its other half is told by the close; errors of either are the point of the exercise.
  socket.on('error', () => undefined)
}

function joinKafka(state: State, client: Socket, upstream: Socket): void {
  const requests = new KafkaFrames(requestHeadBytes)
  const replies = new KafkaFrames(replyHeadBytes)
  let losing: number | null = null
  client.on('data', (bytes: Buffer) => {
    requests.feed(bytes, (head) => {
      if (losing !== null || !state.wanted.includes(head.readInt16BE(4))) return
      state.wanted = []
      losing = head.readInt32BE(8)
    })
    upstream.write(bytes)
  })
  upstream.on('data', (bytes: Buffer) => {
    let end = bytes.length
    let isLost = false
    replies.feed(bytes, (head, startsAt) => {
      if (isLost || losing === null || head.readInt32BE(4) !== losing) return
      isLost = true
      end = startsAt
    })
    if (end > 0) client.write(bytes.subarray(0, end))
    if (!isLost) return
    state.lost += 1
    upstream.destroy()
  })
  endTogether(client, upstream)
}

function joinRedis(state: State, client: Socket, upstream: Socket): void {
  let isLosing = false
  client.on('data', (bytes: Buffer) => {
    if (!isLosing && isWanted(state.wanted, bytes)) {
      state.wanted = []
      isLosing = true
    }
    upstream.write(bytes)
  })
  upstream.on('data', (bytes: Buffer) => {
    if (!isLosing) {
      client.write(bytes)
      return
    }
    if (upstream.destroyed) return
    systemClock.setTimer(() => {
      if (upstream.destroyed) return
      state.lost += 1
      upstream.destroy()
    }, redisReplyMs)
  })
  endTogether(client, upstream)
}

function isWanted(wanted: readonly Request[], bytes: Buffer): boolean {
  return wanted.some((name) => name === '*' || (typeof name === 'string' && bytes.includes(name)))
}

function endTogether(a: Socket, b: Socket): void {
  a.on('close', () => b.destroy())
  b.on('close', () => a.destroy())
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
