/**
 * What a client says: checks each message before anything is done with it, and turns it into calls of
 * its connection. Ids of rides a customer names are checked against their owner unread; whoever
 * sends anything else than the protocol has is closed.
 *
 * @module
 */
import type { Clock } from '../../core/index.ts'
import type { Ids } from '../../domain/index.ts'
import { type ClientMessage, type FollowRequest, parseClientMessage } from './client-message.ts'
import type { CloseReason } from './close-reason.ts'
import type { PushConnection } from './connection.ts'
import { type Follows, followsNothing } from './sight.ts'

/** Bounds of what a client says; see config.ts. */
export type SessionLimits = {
  readonly messageBytes: number
  readonly messagesPerSecond: number
  readonly ridesMax: number
  readonly followsMax: number
}

/** What a session needs. */
export type SessionDeps = {
  readonly clock: Clock
  readonly ids: Pick<Ids, 'isOwnRideId'>
  readonly limits: SessionLimits
}

/** Seconds' worth of messages that may come at once. */
const burstSeconds = 4

/** See the module. */
export class ClientSession {
  readonly #deps: SessionDeps
  readonly #connection: PushConnection
  #tokens: number
  #countedAtMs: number

  constructor(deps: SessionDeps, connection: PushConnection) {
    this.#deps = deps
    this.#connection = connection
    this.#tokens = deps.limits.messagesPerSecond * burstSeconds
    this.#countedAtMs = deps.clock.monotonic()
  }

  onMessage(bytes: Buffer, isBinary: boolean): void {
    const refusal = this.#refusalOf(bytes, isBinary)
    if (refusal !== null) {
      this.#connection.close(refusal)
      return
    }
    const message = parseClientMessage(bytes)
    const isUnderstood = message !== null && this.#obey(message)
    if (!isUnderstood) this.#connection.close('bad_message')
  }

  #refusalOf(bytes: Buffer, isBinary: boolean): CloseReason | null {
    const { messageBytes, messagesPerSecond } = this.#deps.limits
    if (isBinary) return 'binary'
    if (bytes.length > messageBytes) return 'too_big'
    const nowMs = this.#deps.clock.monotonic()
    const refill = ((nowMs - this.#countedAtMs) * messagesPerSecond) / 1_000
    this.#tokens = Math.min(messagesPerSecond * burstSeconds, this.#tokens + refill)
    this.#countedAtMs = nowMs
    if (this.#tokens < 1) return 'too_many_messages'
    this.#tokens -= 1
    return null
  }

  /** False when the message is not for this connection, now. */
  #obey(message: ClientMessage): boolean {
    const connection = this.#connection
    switch (message.type) {
      case 'hello': {
        const follows = this.#followsOf(message.follow)
        const named = Object.entries(message.rides ?? {})
        if (connection.isGreeted || follows === null) return false
        if (named.length > this.#deps.limits.ridesMax) return false
        this.#greet(named, follows)
        return true
      }
      case 'follow': {
        const follows = this.#followsOf(message.follow)
        const isAdmin = connection.identity.role === 'admin'
        if (!connection.isGreeted || !isAdmin || follows === null) return false
        connection.follow(follows)
        return true
      }
      case 'ping':
        if (!connection.isGreeted) return false
        connection.answerPing()
        return true
      default:
        return message satisfies never
    }
  }

  #greet(named: readonly [string, number][], follows: Follows): void {
    const { role, subject } = this.#connection.identity
    const { ids } = this.#deps
    const isForeign = (rideId: string): boolean =>
      role === 'customer' && !ids.isOwnRideId(rideId, subject)
    const have = new Map(named.filter(([rideId]) => !isForeign(rideId)))
    const dropped = named.map(([rideId]) => rideId).filter(isForeign)
    this.#connection.greet({ have, dropped, follows })
  }

  /** Null for what this client may not ask. */
  #followsOf(asked: FollowRequest | undefined): Follows | null {
    if (asked === undefined) return followsNothing
    if (this.#connection.identity.role !== 'admin') return null
    const follows = {
      rides: new Set(asked.rides ?? []),
      customers: new Set(asked.customers ?? []),
      drivers: new Set(asked.drivers ?? [])
    }
    const names = follows.rides.size + follows.customers.size + follows.drivers.size
    return names > this.#deps.limits.followsMax ? null : follows
  }
}
