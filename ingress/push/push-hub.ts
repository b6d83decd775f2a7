/**
 * Push of a process: all its connections, what feeds them, and their life: admitted, opened, looked
 * after a few times a second, closed in a spread when the process stops.
 *
 * @module
 */
import type { Codec } from '../../avro/index.ts'
import type { Clock, Logger, Metrics, TimerHandle } from '../../core/index.ts'
import type { Ids, Policy } from '../../domain/index.ts'
import {
  callerKey,
  Problem,
  retryAfterSeconds,
  type SocketEvents,
  type UpgradeRoute,
  type UpgradeSocket,
  type VerifiedIdentity
} from '../http/index.ts'
import { ClientSession } from './client-session.ts'
import type { PushSettings } from './config.ts'
import { PushConnection } from './connection.ts'
import { EventFeed } from './event-feed.ts'
import { EventRing } from './event-ring.ts'
import { type LogSource, LogTail } from './log-tail.ts'
import { createPushMetrics, type PushMetrics, registerPushGauges } from './push-metrics.ts'
import { SnapshotQueue } from './snapshot-queue.ts'
import type { SnapshotReader } from './snapshot-reader.ts'
import { streamRoute } from './stream-route.ts'
import { Subscriptions } from './subscriptions.ts'

/** What push stands on. */
export type PushDeps = {
  readonly settings: PushSettings
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly codec: Pick<Codec, 'decode' | 'learn'>
  readonly log: LogSource
  readonly ids: Pick<Ids, 'isOwnRideId'>
  readonly policy: Policy
  readonly readSnapshot: SnapshotReader
}

/** How often connections are looked after: expiry and slowness are noticed so late at most. */
const sweepMs = 250
/** Steps of a spread close. */
const drainStepMs = 50
/** Messages up to this are refused with a close code, longer ones cut the connection. */
const nativeMessageBytes = 65_536
/** Room above our own bound, so that the library never drops a frame that we counted as sent. */
const nativeBufferBytes = 1_048_576

/** See the module; one life. */
export class PushHub {
  readonly #deps: PushDeps
  readonly #metrics: PushMetrics
  readonly #ring: EventRing
  readonly #feed: EventFeed
  readonly #tail: LogTail
  readonly #snapshots: SnapshotQueue
  readonly #subscriptions = new Subscriptions()
  readonly #connections = new Set<PushConnection>()
  readonly #countBySubject = new Map<string, number>()
  #sweep: TimerHandle | null = null

  constructor(deps: PushDeps) {
    const { settings, clock, logger, codec, policy } = deps
    this.#deps = deps
    this.#metrics = createPushMetrics(deps.metrics)
    this.#ring = new EventRing({
      ridesMax: settings.PUSH_RING_RIDES,
      eventsMax: settings.PUSH_RING_EVENTS,
      bytesMax: settings.PUSH_RING_BYTES
    })
    this.#feed = new EventFeed({
      codec,
      policy,
      ring: this.#ring,
      subscriptions: this.#subscriptions,
      metrics: this.#metrics,
      connections: () => this.#connections
    })
    this.#tail = new LogTail({
      log: deps.log,
      learn: (schemaId) => codec.learn(schemaId),
      clock,
      logger,
      // A rewind as long as the lag that is skipped would be skipped again.
      topics: this.#feed.topics(Math.min(settings.PUSH_REWIND, settings.PUSH_LAG_MAX >> 1)),
      fetchBytes: settings.PUSH_FETCH_BYTES,
      fetchWaitMs: settings.PUSH_FETCH_WAIT,
      lagMax: settings.PUSH_LAG_MAX
    })
    this.#snapshots = new SnapshotQueue(deps.readSnapshot, settings.PUSH_READS_MAX)
    registerPushGauges(deps.metrics, {
      connections: () => this.#countByRole(),
      ring: () => this.#ring.size,
      lagByTopic: () => this.#tail.lagByTopic(),
      behindMs: () => this.#tail.behindMs()
    })
  }

  /** Before the first connection: a snapshot has to be younger than what is tailed. */
  async start(): Promise<void> {
    await this.#tail.start()
    this.#look()
  }

  /** Closes all connections over the spread, then the tail. New ones are refused by the server. */
  async drain(spreadMs: number): Promise<void> {
    const { clock } = this.#deps
    const connections = [...this.#connections]
    const steps = Math.max(1, Math.ceil(spreadMs / drainStepMs))
    const perStep = Math.max(1, Math.ceil(connections.length / steps))
    for (let start = 0; start < connections.length; start += perStep) {
      if (start > 0) await clock.sleep(drainStepMs)
      for (const connection of connections.slice(start, start + perStep)) {
        connection.close('draining')
      }
    }
    this.#sweep?.cancel()
    this.#sweep = null
    await this.#tail.stop()
  }

  get size(): number {
    return this.#connections.size
  }

  /** Bytes and events that are remembered. */
  get remembered(): { rides: number; events: number; bytes: number } {
    return this.#ring.size
  }

  route(): UpgradeRoute {
    const { settings } = this.#deps
    return {
      ...streamRoute,
      messageBytesMax: nativeMessageBytes,
      bufferBytesMax: settings.PUSH_BUFFER_BYTES + nativeBufferBytes,
      idleSeconds: Math.ceil(settings.PUSH_IDLE / 1_000),
      admit: (identity) => this.#admit(identity),
      open: (socket, identity) => this.#open(socket, identity),
      onRefused: ({ code }) => this.#metrics.refused(code)
    }
  }

  #admit(identity: VerifiedIdentity): void {
    const { settings, clock } = this.#deps
    const headers = { 'retry-after': retryAfterSeconds(clock.random) }
    if (this.#connections.size >= settings.PUSH_CONNECTIONS_MAX) {
      throw new Problem('overloaded', { detail: 'Too many connections are open', headers })
    }
    const mine = this.#countBySubject.get(callerKey(identity)) ?? 0
    const most = settings.PUSH_SUBJECT_CONNECTIONS_MAX
    if (mine >= most) {
      throw new Problem('rate_limited', { detail: `Expected at most ${most} connections`, headers })
    }
  }

  #open(socket: UpgradeSocket, identity: VerifiedIdentity): SocketEvents {
    const connection = this.#createConnection(socket, identity)
    const { settings, clock, ids } = this.#deps
    const session = new ClientSession(
      {
        clock,
        ids,
        limits: {
          messageBytes: settings.PUSH_MESSAGE_BYTES,
          messagesPerSecond: settings.PUSH_MESSAGES,
          ridesMax: settings.PUSH_RIDES_MAX,
          followsMax: settings.PUSH_FOLLOWS_MAX
        }
      },
      connection
    )
    this.#connections.add(connection)
    this.#addSubject(identity, 1)
    return {
      onMessage: (message, isBinary) => session.onMessage(message, isBinary),
      onDrain: () => connection.onDrain(),
      onClose: (code) => this.#remove(connection, code)
    }
  }

  #createConnection(socket: UpgradeSocket, identity: VerifiedIdentity): PushConnection {
    const { settings, clock, policy } = this.#deps
    const connection: PushConnection = new PushConnection(
      {
        clock,
        policy,
        metrics: this.#metrics,
        ring: this.#ring,
        limits: {
          bufferBytes: settings.PUSH_BUFFER_BYTES,
          slowMsMax: settings.PUSH_SLOW_MAX,
          heartbeatMs: settings.PUSH_HEARTBEAT,
          helloMs: settings.PUSH_HELLO_TIMEOUT,
          ridesMax: settings.PUSH_RIDES_MAX,
          actionsMax: settings.PUSH_ACTIONS_MAX
        },
        watch: {
          add: (rideId) => this.#subscriptions.watch(rideId, connection),
          remove: (rideId) => this.#subscriptions.unwatch(rideId, connection)
        },
        onViewer: (changed) => this.#subscriptions.file(changed),
        framesOf: (event) => this.#feed.framesOf(event),
        read: (reader, wanted) => this.#snapshots.add(reader, wanted),
        behindMs: () => this.#tail.behindMs()
      },
      socket,
      identity
    )
    return connection
  }

  #remove(connection: PushConnection, code: number): void {
    if (!this.#connections.delete(connection)) return
    this.#addSubject(connection.identity, -1)
    const isOurs = connection.end()
    if (!isOurs) this.#metrics.closed(code === abnormalClose ? 'lost' : 'client')
    this.#subscriptions.remove(connection)
    this.#snapshots.remove(connection)
  }

  #look(): void {
    for (const connection of this.#connections) connection.tick()
    this.#sweep = this.#deps.clock.setTimer(() => this.#look(), sweepMs)
  }

  #addSubject(identity: VerifiedIdentity, by: 1 | -1): void {
    const subject = callerKey(identity)
    const count = (this.#countBySubject.get(subject) ?? 0) + by
    if (count === 0) this.#countBySubject.delete(subject)
    else this.#countBySubject.set(subject, count)
  }

  #countByRole(): Record<string, number> {
    const counts: Record<string, number> = { customer: 0, driver: 0, admin: 0 }
    for (const { identity } of this.#connections) {
      counts[identity.role] = (counts[identity.role] ?? 0) + 1
    }
    return counts
  }
}

/** The connection ended without a close frame. */
const abnormalClose = 1006
