/**
 * One connection. Events are not queued for it: the ring has them, and a connection only remembers
 * which rides have events it has not told (`dirty`). So its memory does not depend on how slow its
 * client is:
 *
 * ```
 *   hello --> reading --snapshot sent--> telling <--> blocked (buffer full)
 *                ^                          |             |
 *                +---- the ring has lost what is missing -+
 * ```
 *
 * Reading: the stores are asked while events come in and only mark their rides. Telling: a dirty ride
 * is told from the ring, by `seq`, never twice, never with a gap. Blocked: nothing is sent; of
 * positions the latest of each ride is kept. A client that does not catch up in time is closed.
 *
 * @module
 */
import type { Clock } from '../../core/index.ts'
import { isEndedStatus, type Policy } from '../../domain/index.ts'
import type { UpgradeSocket, VerifiedIdentity } from '../http/index.ts'
import type { CloseReason } from './close-reason.ts'
import type { EventRing, RingEvent } from './event-ring.ts'
import { FrameWriter } from './frame-writer.ts'
import { type EventFrames, type Frame, heartbeatFrame, snapshotFrame } from './frames.ts'
import { PendingFrames } from './pending-frames.ts'
import type { PushMetrics } from './push-metrics.ts'
import { RideViews, type RideWatch } from './ride-views.ts'
import { type Follows, followsNothing, sightOf, type Viewer } from './sight.ts'
import { planSnapshot, type SnapshotPlan, type SnapshotRead } from './snapshot-plan.ts'

/** Bounds of one connection; see config.ts. */
export type ConnectionLimits = {
  readonly bufferBytes: number
  readonly slowMsMax: number
  readonly heartbeatMs: number
  readonly helloMs: number
  readonly ridesMax: number
  readonly actionsMax: number
}

/** What a connection needs of its process. */
export type ConnectionDeps = {
  readonly clock: Clock
  readonly limits: ConnectionLimits
  readonly metrics: PushMetrics
  readonly policy: Policy
  readonly ring: Pick<EventRing, 'after' | 'from' | 'at' | 'last' | 'openRidesOf'>
  readonly watch: RideWatch
  /** What the connection may see has changed. */
  onViewer(connection: PushConnection): void
  /** The frames of an event of the ring. */
  framesOf(event: RingEvent): EventFrames
  /** Reads a snapshot; `onSnapshot` or `onSnapshotFailed` is called with the outcome. */
  read(connection: PushConnection, wanted: readonly string[]): void
  /** How long ago this process last read the log, ms. */
  behindMs(): number
}

/** Why events were skipped, as it is counted. */
export type ResyncReason = 'hello' | 'follow' | 'ring' | 'skipped' | 'actions' | 'too_many_rides'

/** A ride nobody knows is looked for so often, a second apart: a store may be rebuilding. */
const missingReadsMax = 5
const readAgainMs = 1_000

/** See the module. */
export class PushConnection {
  readonly identity: VerifiedIdentity
  readonly openedAtMs: number
  readonly #deps: ConnectionDeps
  readonly #writer: FrameWriter
  readonly #views: RideViews
  /** Rides with untold events, by the first of them. */
  readonly #dirty = new Map<string, number>()
  readonly #pending: PendingFrames
  #viewer: Viewer
  #have: ReadonlyMap<string, number> | null = null
  #dropped: readonly string[] = []
  #resync: ResyncReason | null = null
  #isGreeted = false
  #isReading = false
  /** What is being read is older than what is wanted by now. */
  #isStale = false
  #missingReads = 0
  /** Monotonic ms: when the client fell behind, when to read again. */
  #behindSinceMs: number | null = null
  #readAgainAtMs = 0

  constructor(deps: ConnectionDeps, socket: UpgradeSocket, identity: VerifiedIdentity) {
    this.#deps = deps
    this.identity = identity
    const { clock, metrics, limits } = deps
    const { bufferBytes } = limits
    this.#writer = new FrameWriter({ clock, metrics, socket, identity, bufferBytes })
    this.#viewer = { identity, follows: followsNothing }
    this.#pending = new PendingFrames(limits.actionsMax)
    this.#views = new RideViews(deps.limits.ridesMax, deps.watch)
    this.openedAtMs = deps.clock.monotonic()
  }

  get viewer(): Viewer {
    return this.#viewer
  }

  get isGreeted(): boolean {
    return this.#isGreeted
  }

  /** The client said what it has; `dropped` are rides it may not see. */
  greet(said: {
    readonly have: ReadonlyMap<string, number>
    readonly dropped: readonly string[]
    readonly follows: Follows
  }): void {
    this.#isGreeted = true
    this.#have = said.have
    this.#dropped = said.dropped
    this.#see(said.follows)
    this.resync('hello')
  }

  /** What an administrator follows now. */
  follow(follows: Follows): void {
    this.#see(follows)
    this.#have = null
    this.#views.clear()
    this.#dirty.clear()
    this.#pending.clearPositions()
    this.resync('follow')
  }

  /** Events may have been missed: reads a snapshot and goes on from it. */
  resync(reason: ResyncReason): void {
    if (!this.#isGreeted || this.#writer.isClosed) return
    this.#resync ??= reason
    this.#isStale = this.#isReading
    this.#behindSinceMs ??= this.#deps.clock.monotonic()
    this.pump()
  }

  /** A ride event that may concern this connection. */
  notice(event: RingEvent, frames: () => EventFrames): void {
    if (!this.#isGreeted || this.#writer.isClosed) return
    if (this.#canTell && !this.#dirty.has(event.rideId) && this.#tell(event, frames)) return
    this.#mark(event)
  }

  /** Where the driver of a ride is; `driverId` has to be the driver this client knows of. */
  noticePosition(rideId: string, driverId: string, frame: Frame): void {
    if (this.identity.role === 'driver' || !this.#isDrivenBy(rideId, driverId)) return
    const isFree = this.#canTell && this.#dirty.size === 0 && this.#writer.isEmpty
    if (isFree && this.#writer.send(frame)) return
    if (this.#pending.setPosition(rideId, driverId, frame)) this.#deps.metrics.conflated()
  }

  /** What became of an action of this client. */
  noticeAction(frame: Frame): void {
    if (!this.#isGreeted || this.#writer.isClosed) return
    if (this.#canTell && !this.#pending.hasActions && this.#writer.send(frame)) return
    this.#behindSinceMs ??= this.#deps.clock.monotonic()
    // The stores keep the last outcomes, and a snapshot carries them.
    if (!this.#pending.addAction(frame)) this.resync('actions')
  }

  onSnapshot(read: SnapshotRead): void {
    this.#isReading = false
    if (this.#isStale) {
      this.#isStale = false
      this.pump()
      return
    }
    // A client that blocked meanwhile gets a newer one once it is free.
    if (this.#writer.isClosed || this.#writer.isBlocked) return
    const { ring, policy, framesOf } = this.#deps
    const plan = planSnapshot({
      viewer: this.#viewer,
      have: this.#haveNow(),
      owed: this.#owed(),
      read,
      ring,
      rideOf: (event) => framesOf(event).event.ride,
      policy
    })
    if (plan.missing.length > 0 && this.#missingReads < missingReadsMax) {
      this.#missingReads += 1
      this.#readLater(readAgainMs)
      return
    }
    if (!this.#writer.send(this.#frameOf(plan, read))) return
    this.#goOnFrom(plan)
    this.pump()
  }

  onSnapshotFailed(): void {
    this.#isReading = false
    this.#isStale = false
    const { clock } = this.#deps
    this.#readLater(readAgainMs * (0.5 + clock.random()))
  }

  onDrain(): void {
    this.#writer.unblock()
    this.pump()
  }

  answerPing(): void {
    const { clock, behindMs } = this.#deps
    this.#writer.send(heartbeatFrame({ at: clock.now(), behindMs: behindMs() }))
  }

  /** What is due by time; called a few times a second. */
  tick(): void {
    if (this.#writer.isClosed) return
    const { clock, limits } = this.#deps
    const nowMs = clock.monotonic()
    const overdue = this.#overdue(nowMs)
    if (overdue !== null) {
      this.close(overdue)
      return
    }
    if (!this.#isGreeted) return
    if (this.#writer.isBlocked) this.onDrain()
    else this.pump()
    if (nowMs - this.#writer.toldAtMs >= limits.heartbeatMs) this.answerPing()
  }

  #overdue(nowMs: number): CloseReason | null {
    const { helloMs, slowMsMax } = this.#deps.limits
    if (this.#writer.isExpired) return 'token_expired'
    if (!this.#isGreeted) return nowMs - this.openedAtMs >= helloMs ? 'no_hello' : null
    const isLate = this.#behindSinceMs !== null && nowMs - this.#behindSinceMs >= slowMsMax
    if (!isLate) return null
    return this.#writer.isBlocked ? 'slow' : 'unavailable'
  }

  close(reason: CloseReason): void {
    this.#writer.close(reason)
  }

  /** The socket is gone; forgets everything. Whether this side ended it. */
  end(): boolean {
    const isOurs = this.#writer.end()
    this.#views.clear()
    this.#dirty.clear()
    this.#pending.clear()
    return isOurs
  }

  /** Tells what is untold, as far as the client takes it. */
  pump(): void {
    const { isClosed, isBlocked } = this.#writer
    if (!this.#isGreeted || isClosed || isBlocked || this.#isReading) return
    if (this.#resync !== null) {
      this.#read()
      return
    }
    for (const [rideId, fromSeq] of this.#dirty) {
      const done = this.#replay(rideId, fromSeq)
      if (done === 'blocked') return
      if (done === 'lost') {
        this.resync('ring')
        return
      }
      this.#dirty.delete(rideId)
    }
    const send = (frame: Frame): boolean => this.#writer.send(frame)
    if (!this.#pending.flushActions(send)) return
    this.#behindSinceMs = null
    if (!this.#writer.isEmpty) return
    this.#pending.flushPositions(send, (...of) => this.#isDrivenBy(...of))
  }

  /** A position of a driver who was taken off the ride since is nobody's business. */
  #isDrivenBy(rideId: string, driverId: string): boolean {
    const view = this.#views.get(rideId)
    return view !== undefined && !view.isEnded && view.driverId === driverId
  }

  #see(follows: Follows): void {
    this.#viewer = { identity: this.identity, follows }
    this.#deps.onViewer(this)
  }

  get #canTell(): boolean {
    return this.#resync === null && !this.#isReading && !this.#writer.isBlocked
  }

  #mark({ rideId, seq }: RingEvent): void {
    if (this.#dirty.has(rideId)) return
    this.#behindSinceMs ??= this.#deps.clock.monotonic()
    this.#dirty.set(rideId, seq)
    if (this.#dirty.size > this.#deps.limits.ridesMax) {
      this.#dirty.clear()
      this.resync('too_many_rides')
    } else if (this.#canTell) this.pump()
  }

  #replay(rideId: string, fromSeq: number): 'told' | 'blocked' | 'lost' {
    const { ring, framesOf } = this.#deps
    const view = this.#views.get(rideId)
    const events = view === undefined ? ring.from(rideId, fromSeq) : ring.after(rideId, view.seq)
    const isLost = events === null || (view === undefined && events[0]?.seq !== fromSeq)
    if (isLost) return 'lost'
    for (const event of events) {
      if (!this.#tell(event, () => framesOf(event))) return 'blocked'
    }
    return 'told'
  }

  /** False when the event has to wait: the client is slow, or events before it are untold. */
  #tell(event: RingEvent, frames: () => EventFrames): boolean {
    const { rideId, seq, driverId, status } = event
    const view = this.#views.get(rideId)
    if (view !== undefined && seq <= view.seq) return true
    if (view !== undefined && seq > view.seq + 1) return false
    const sight = sightOf(this.#viewer, event, view !== undefined)
    if (sight === null) return true
    if (!this.#writer.send(frames().of(sight, this.identity.role))) return false
    if (sight === 'off') this.#views.delete(rideId)
    else this.#views.set(rideId, { seq, driverId, isEnded: isEndedStatus(status) })
    return true
  }

  #read(): void {
    if (this.#deps.clock.monotonic() < this.#readAgainAtMs) return
    this.#isReading = true
    this.#deps.read(this, [...this.#haveNow().keys()])
  }

  #readLater(delayMs: number): void {
    this.#readAgainAtMs = this.#deps.clock.monotonic() + delayMs
  }

  /** What the client has: what it said at first, what it was told since. */
  #haveNow(): ReadonlyMap<string, number> {
    return this.#have ?? this.#views.have(this.#dirty.keys())
  }

  #frameOf(plan: SnapshotPlan, read: SnapshotRead): Frame {
    const { clock, limits } = this.#deps
    const document = {
      at: clock.now(),
      expiresAt: this.identity.expiresAtMs,
      heartbeatMs: limits.heartbeatMs,
      resync: this.#isResync(plan),
      rides: [...plan.rides],
      resumed: Object.fromEntries(plan.resumed),
      dropped: [...this.#dropped, ...plan.dropped],
      ...(plan.assignment === undefined ? {} : { assignment: plan.assignment }),
      actions: [...read.actions]
    }
    return snapshotFrame(document, this.identity.role)
  }

  #isResync(plan: SnapshotPlan): boolean {
    const isFirst = this.#resync === 'hello' || this.#resync === 'follow'
    return isFirst ? plan.isResync : true
  }

  /** Rides that began while the client could not be told, and whose beginning is gone. */
  #owed(): Set<string> {
    const { ring } = this.#deps
    const isOwed = ([rideId, fromSeq]: [string, number]): boolean =>
      this.#views.get(rideId) === undefined && ring.at(rideId, fromSeq) === null
    return new Set([...this.#dirty].filter(isOwed).map(([rideId]) => rideId))
  }

  #goOnFrom(plan: SnapshotPlan): void {
    // What is owed and not in the plan is not this client's to see.
    for (const rideId of this.#owed()) this.#dirty.delete(rideId)
    if (this.#isResync(plan)) this.#deps.metrics.resynced(this.#resync ?? 'ring')
    for (const rideId of plan.dropped) this.#views.delete(rideId)
    for (const [rideId, view] of plan.views) this.#views.set(rideId, view)
    for (const [rideId, seq] of plan.resumed) {
      if ((this.#deps.ring.last(rideId)?.seq ?? 0) > seq) this.#dirty.set(rideId, seq + 1)
    }
    this.#have = null
    this.#dropped = []
    this.#resync = null
    this.#missingReads = 0
  }
}
