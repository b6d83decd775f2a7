/**
 * WebSocket upgrades beside the routes: the checks before the upgrade, whose refusals are problem
 * documents with their status, and a socket as a small port, so that nothing else touches the
 * library's.
 *
 * A client that cannot set headers (a browser) puts its token beside the protocol's name into
 * `Sec-WebSocket-Protocol: hailstream.v1, bearer.<token>`; only the name is answered. A token in the
 * query string would end up in the logs of every proxy, so it is not looked for there.
 *
 * @module
 */
import type { Request, Response, Server, Websocket } from 'hyper-express'
import type { ExchangePorts } from './exchange.ts'
import { settleHeaders } from './framing.ts'
import { Problem } from './problem.ts'
import { basePath, type LimitClass, type TokenRole, type VerifiedIdentity } from './route.ts'

/** What became of a frame: on its way, behind others in the buffer, or not taken. */
export type SocketSend = 'sent' | 'buffered' | 'dropped'

/** An open socket. After its end every call does nothing. */
export type UpgradeSocket = {
  send(text: string): SocketSend
  /** Bytes the client has not taken yet, beyond those the kernel holds. */
  readonly bufferedBytes: number
  /** Sends a close frame behind what is buffered. */
  close(code: number, reason: string): void
  /** Ends at once, without a close frame. */
  destroy(): void
}

/** What happens on an open socket. */
export type SocketEvents = {
  onMessage(message: Buffer, isBinary: boolean): void
  /** The client took something of what was buffered. */
  onDrain(): void
  onClose(code: number): void
}

/** A route that is upgraded. */
export type UpgradeRoute = {
  /** Path below the base. */
  path: string
  /** Name of the subprotocol, answered when the client offers it. */
  protocol: string
  roles: readonly TokenRole[]
  /** Bucket of the limits an upgrade takes from. */
  limit: LimitClass
  /** A longer message cuts the connection without a close frame. */
  messageBytesMax: number
  /** The library drops what would make the buffer longer, and says so. */
  bufferBytesMax: number
  /** A connection that shows no life for so long is closed; pings go out before. 8 to 960. */
  idleSeconds: number
  /** Throws the problem when there is no room; called in the same turn as `open`. */
  admit(identity: VerifiedIdentity): void
  open(socket: UpgradeSocket, identity: VerifiedIdentity): SocketEvents
  /** Told of every refusal. */
  onRefused(problem: Problem): void
}

/** What upgrading needs of the server. */
export type UpgradePorts = Pick<ExchangePorts, 'authenticate' | 'admission'> & {
  /** Throws while the server is stopping. */
  refuseDraining(): void
  isOriginAllowed(origin: string): boolean
  addressOf(request: Request): string
  refuse(request: Request, response: Response, problem: Problem): void
  /** The problem of any error; unexpected ones are logged. */
  problemOf(error: unknown, request: Request): Problem
}

const version = '13'
const protocolHeader = 'sec-websocket-protocol'
const bearerPrefix = 'bearer.'

/** Adds the route to the library's server. */
export const installUpgrade = (app: Server, route: UpgradeRoute, ports: UpgradePorts): void => {
  const path = basePath + route.path
  const refuse = (request: Request, response: Response, problem: Problem): void => {
    route.onRefused(problem)
    ports.refuse(request, response, problem)
  }
  const upgrade = async (request: Request, response: Response): Promise<void> => {
    settleHeaders(request)
    try {
      const offered = offeredProtocols(request)
      const identity = await check(request, { route, ports, offered })
      if (response.completed) return
      route.admit(identity)
      choose(request, offered.includes(route.protocol) ? route.protocol : null)
      // The library types its context as text alone, and hands on whatever it is given.
      response.upgrade({ identity } as never)
    } catch (error) {
      refuse(request, response, ports.problemOf(error, request))
    }
  }
  app.upgrade(path, (request, response) => void upgrade(request, response))
  app.ws(
    path,
    {
      message_type: 'Buffer',
      idle_timeout: route.idleSeconds,
      max_backpressure: route.bufferBytesMax,
      max_payload_length: route.messageBytesMax
    },
    (ws) => attach(ws, route)
  )
  app.get(path, (request, response) =>
    refuse(
      request,
      response,
      new Problem('upgrade_required', { headers: { upgrade: 'websocket' } })
    )
  )
}

/** RFC 6455 knows one version. A body would be taken for frames. */
const refuseHandshake = ({ headers }: Request): void => {
  const length = headers['content-length'] ?? '0'
  if (length !== '0' || headers['transfer-encoding'] !== undefined) {
    throw new Problem('malformed_request', { detail: 'Expected an upgrade without a body' })
  }
  if (headers['sec-websocket-version'] !== version) {
    throw new Problem('upgrade_required', {
      detail: `Expected Sec-WebSocket-Version ${version}`,
      headers: { upgrade: 'websocket', 'sec-websocket-version': version }
    })
  }
}

const check = async (
  request: Request,
  { route, ports, offered }: { route: UpgradeRoute; ports: UpgradePorts; offered: string[] }
): Promise<VerifiedIdentity> => {
  ports.refuseDraining()
  refuseHandshake(request)
  const origin = request.headers['origin']
  // Browsers apply no cross-origin rules to sockets: the server has to.
  if (origin !== undefined && !ports.isOriginAllowed(origin)) throw new Problem('origin_forbidden')
  const address = ports.addressOf(request)
  ports.admission.admitAddress(address)
  let identity: VerifiedIdentity
  try {
    identity = await ports.authenticate(authorizationOf(request, offered))
  } catch (error) {
    if (error instanceof Problem && error.status === 401) {
      ports.admission.recordBadToken(address)
    }
    throw error
  }
  if (!route.roles.includes(identity.role)) {
    const expected = route.roles.join(' or ')
    throw new Problem('role_forbidden', { detail: `Expected a token of role ${expected}` })
  }
  ports.admission.admitSubject(identity, route.limit)
  ports.refuseDraining()
  return identity
}

const offeredProtocols = (request: Request): string[] =>
  (request.headers[protocolHeader] ?? '').split(',').map((name) => name.trim())

const authorizationOf = (request: Request, offered: readonly string[]): string | undefined => {
  const header = request.headers['authorization']
  if (header !== undefined && header !== '') return header
  const bearer = offered.find((name) => name.startsWith(bearerPrefix))
  return bearer === undefined ? undefined : `Bearer ${bearer.slice(bearerPrefix.length)}`
}

/** The library answers with whatever the request says, which would send the token back. */
const choose = (request: Request, protocol: string | null): void => {
  if (protocol === null) delete request.headers[protocolHeader]
  else request.headers[protocolHeader] = protocol
}

const attach = (ws: Websocket, route: UpgradeRoute): void => {
  const { identity } = ws.context as unknown as { identity: VerifiedIdentity }
  const events = route.open(portOf(ws), identity)
  ws.on('message', (message: Buffer, isBinary: boolean) => events.onMessage(message, isBinary))
  ws.on('drain', () => events.onDrain())
  ws.on('close', (code: number) => events.onClose(code))
}

/** Results of the native `send`, which the library passes on as they are. */
const sendResults: Readonly<Record<number, SocketSend>> = { 0: 'buffered', 1: 'sent', 2: 'dropped' }

const portOf = (ws: Websocket): UpgradeSocket => ({
  send: (text) => (ws.closed ? 'dropped' : (sendResults[Number(ws.send(text))] ?? 'dropped')),
  get bufferedBytes() {
    return ws.closed ? 0 : ws.buffered
  },
  close: (code, reason) => {
    if (!ws.closed) ws.close(code, reason)
  },
  destroy: () => {
    if (!ws.closed) ws.destroy()
  }
})
