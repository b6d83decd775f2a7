/**
 * @module Membership of a consumer group through a kafkajs consumer that is paused for ever:
 * kafkajs joins, heartbeats and leaves, the owner fetches by itself. Assignments come from
 * GROUP_JOIN alone; REBALANCING isn't reliable (an event loop blocked past the session rejoins
 * without it).
 *
 * ```
 *  start() -> joining --GROUP_JOIN--> member --crash or disconnect--> lost --backoff--> joining ...
 *                 any state --leave()--> left, for good
 * ```
 */

import type { Consumer, ConsumerGroupJoinEvent, PartitionAssigner, RequestEvent } from 'kafkajs'
import type { Clock } from '../clock/index.ts'
import { assertThat, FatalError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { commitMemberOffsets } from './member-offsets.ts'
import { createTaskProtocol } from './task-protocol.ts'
import type { GroupMember, GroupMemberOptions, PlainOffset } from './types.ts'

/** After a crash: 250 ms doubling to 5 s, back to 250 ms after each join. */
const restartDelayMs = 250
const restartDelayMsMax = 5_000
/**
 * A join in progress can hold a consumer for the whole rebalance timeout; leaving doesn't wait for
 * it any longer than this.
 */
const leaveTimeoutMs = 3_000

export type GroupMemberParts = GroupMemberOptions & {
  readonly clock: Clock
  readonly logger: Logger
  createConsumer(assigner: PartitionAssigner): Consumer
  /** Throws FatalError(HAIL_TOPOLOGY) when the topics differ in partitions. */
  checkTopics(): Promise<void>
  /** LeaveGroup for a member that cannot do it itself. */
  removeMember(memberId: string): Promise<void>
}

export class ConsumerMember implements GroupMember {
  readonly #parts: GroupMemberParts
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #stop = new AbortController()
  #consumer: Consumer | null = null
  #memberId: string | null = null
  #owned: readonly number[] = []
  #joins = 0
  #restarts = 0
  #isLost = false
  #heartbeatAtMs = Number.NEGATIVE_INFINITY
  #requestSentAtMs = Number.NEGATIVE_INFINITY
  #running: Promise<void> | null = null

  constructor(parts: GroupMemberParts) {
    this.#parts = parts
    this.#clock = parts.clock
    this.#logger = parts.logger.child({ groupId: parts.groupId })
  }

  async start(): Promise<void> {
    assertThat(this.#running === null, 'start() is called once')
    await this.#parts.checkTopics()
    await new Promise<void>((resolve) => {
      this.#running = this.#runUntilLeft(resolve)
    })
  }

  memberId(): string | null {
    return this.#memberId
  }

  async commitOffsets(offsets: readonly PlainOffset[]): Promise<void> {
    await commitMemberOffsets(this.#memberId === null ? null : this.#consumer, offsets)
  }

  lastHeartbeatAt(): number {
    return this.#heartbeatAtMs
  }

  async leave(): Promise<void> {
    if (this.#stop.signal.aborted) return
    this.#stop.abort()
    const consumer = this.#consumer
    const memberId = this.#memberId
    if (consumer === null) return
    const closing = consumer.disconnect().catch((error: unknown) => {
      this.#logger.debug({ error }, 'disconnecting the member failed')
    })
    const isDone = await this.#within(leaveTimeoutMs, closing)
    if (isDone || memberId === null) return
    await this.#parts.removeMember(memberId).catch((error: unknown) => {
      this.#logger.warn({ memberId, error }, 'leaving the group failed; the session will time out')
    })
  }

  /** One consumer after the other: kafkajs' own restart hides the loss from the owner. */
  async #runUntilLeft(onFirstAttempt: () => void): Promise<void> {
    while (!this.#hasLeft()) {
      const consumer = this.#parts.createConsumer(createTaskProtocol(() => this.#owned))
      this.#consumer = consumer
      this.#isLost = false
      const ended = this.#listen(consumer)
      const isRunning = await this.#join(consumer)
      onFirstAttempt()
      if (isRunning) await ended
      this.#lose()
      const delayMs = Math.min(restartDelayMs * 2 ** this.#restarts, restartDelayMsMax)
      this.#restarts += 1
      await this.#clock.sleep(delayMs, this.#stop.signal).catch(() => undefined)
    }
    onFirstAttempt()
  }

  async #join(consumer: Consumer): Promise<boolean> {
    try {
      await consumer.connect()
      await consumer.subscribe({ topics: [...this.#parts.topics], fromBeginning: true })
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: async ({ batch: { topic, partition } }) => {
          const message = `a paused member was given records of ${topic}-${partition}`
          throw new FatalError('HAIL_ASSERTION', message)
        }
      })
      return true
    } catch (error) {
      this.#logger.warn({ error }, 'joining the group failed')
      await consumer.disconnect().catch(() => undefined)
      return false
    }
  }

  #listen(consumer: Consumer): Promise<void> {
    const { events } = consumer
    consumer.on(events.GROUP_JOIN, (event) => this.#onJoin(consumer, event))
    consumer.on(events.REQUEST, ({ payload }) => this.#onRequest(payload))
    consumer.on(events.HEARTBEAT, () => {
      this.#heartbeatAtMs = this.#requestSentAtMs
    })
    return new Promise((resolve) => {
      consumer.on(events.DISCONNECT, () => resolve())
      consumer.on(events.CRASH, ({ payload: { error } }) => {
        this.#logger.warn({ error }, 'group membership lost')
        resolve()
      })
    })
  }

  #onJoin(consumer: Consumer, { payload }: ConsumerGroupJoinEvent): void {
    const { memberAssignment } = payload
    // First and synchronous: the next fetch of kafkajs must find everything paused.
    consumer.pause(
      Object.entries(memberAssignment).map(([topic, partitions]) => ({ topic, partitions }))
    )
    if (this.#hasLeft()) return
    const partitions = new Set(Object.values(memberAssignment).flat())
    this.#owned = [...partitions].sort((a, b) => a - b)
    this.#memberId = payload.memberId
    this.#heartbeatAtMs = this.#requestSentAtMs
    this.#joins += 1
    this.#restarts = 0
    this.#logger.info({ memberId: payload.memberId, tasks: this.#owned }, 'joined the group')
    this.#call(() =>
      this.#parts.onAssigned({
        memberId: payload.memberId,
        generation: this.#joins,
        partitions: this.#owned
      })
    )
  }

  /** Remembers when the request was sent whose answer the next event reports. */
  #onRequest({ apiName, duration }: RequestEvent['payload']): void {
    if (apiName !== 'Heartbeat' && apiName !== 'SyncGroup') return
    this.#requestSentAtMs = this.#clock.monotonic() - Math.max(0, duration)
  }

  #lose(): void {
    if (this.#isLost) return
    this.#isLost = true
    this.#memberId = null
    if (!this.#hasLeft()) this.#call(() => this.#parts.onLost())
  }

  /** kafkajs would only log what a listener throws. */
  #call(listener: () => void): void {
    try {
      listener()
    } catch (error) {
      this.#logger.fatal({ error }, 'a membership listener threw')
      queueMicrotask(() => {
        throw error
      })
    }
  }

  #hasLeft(): boolean {
    return this.#stop.signal.aborted
  }

  async #within(limitMs: number, work: Promise<void>): Promise<boolean> {
    const timeout = new AbortController()
    const late = this.#clock.sleep(limitMs, timeout.signal).then(
      () => false,
      () => true
    )
    const done = await Promise.race([work.then(() => true), late])
    timeout.abort()
    return done
  }
}
