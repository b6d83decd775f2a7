/**
 * Records of three topics to the connections they concern:
 *
 * ```
 *   ride_events ----> ring ----> connections of the customer, the driver, and who knows the ride
 *   action_results -------------> connections of who acted
 *   ride_positions -------------> connections that know the ride
 * ```
 *
 * Every ride event is decoded once (4 us), for the ring to know its parties; its frames are written
 * only where somebody is told. Outcomes and positions are decoded where somebody is connected for
 * their key.
 *
 * @module
 */
import { type Codec, topics } from '../../avro/index.ts'
import { type KafkaRecord, partitionForKey } from '../../core/kafka/index.ts'
import type { Policy } from '../../domain/index.ts'
import type { PushConnection } from './connection.ts'
import type { EventRing, Party, RingEvent } from './event-ring.ts'
import { actionFrame, EventFrames, positionFrame } from './frames.ts'
import type { FollowedTopic } from './log-tail.ts'
import type { PushMetrics } from './push-metrics.ts'
import type { Subscriptions } from './subscriptions.ts'

/** What the feed is made of. */
export type EventFeedDeps = {
  readonly codec: Pick<Codec, 'decode'>
  readonly policy: Policy
  readonly ring: EventRing
  readonly subscriptions: Subscriptions
  readonly metrics: PushMetrics
  connections(): Iterable<PushConnection>
}

/** See the module. */
export class EventFeed {
  readonly #deps: EventFeedDeps

  constructor(deps: EventFeedDeps) {
    this.#deps = deps
  }

  /** Events go first where several topics have news: a position may wait. */
  topics(rewind: number): FollowedTopic[] {
    const { metrics } = this.#deps
    return [
      {
        topic: 'ride_events',
        rewind,
        onRecord: (record) => this.#onRideEvent(record),
        onSkip: (partition) => this.#onEventsSkipped(partition),
        onUndecodable: (record) => this.#onEventUndecodable(record)
      },
      {
        topic: 'action_results',
        rewind: 0,
        onRecord: (record) => this.#onAction(record),
        onSkip: (partition) => this.#onActionsSkipped(partition),
        onUndecodable: ({ topic }) => metrics.undecodable(topic)
      },
      {
        topic: 'ride_positions',
        rewind: 0,
        onRecord: (record) => this.#onPosition(record),
        // The next position says it all.
        onSkip: () => metrics.skipped('ride_positions'),
        onUndecodable: ({ topic }) => metrics.undecodable(topic)
      }
    ]
  }

  /** Frames of an event that only the ring has any more. */
  framesOf(event: RingEvent): EventFrames {
    const { codec, policy } = this.#deps
    return new EventFrames(codec.decode('RideEvent', event.value), policy)
  }

  #onRideEvent({ value }: KafkaRecord): void {
    if (value === null) return
    const { codec, ring, subscriptions, policy } = this.#deps
    const decoded = codec.decode('RideEvent', value)
    const { rideId, seq, type, ride } = decoded
    const { status, customerId, driverId } = ride
    // The record is a slice of its whole fetch: kept as it is, it would keep a megabyte.
    const copy = Buffer.from(value)
    const event = { rideId, seq, type, status, customerId, driverId, value: copy }
    if (!ring.add(event)) return
    let frames: EventFrames | null = null
    const framesOnce = (): EventFrames => {
      frames ??= new EventFrames(decoded, policy)
      return frames
    }
    for (const connection of subscriptions.ofEvent(event)) connection.notice(event, framesOnce)
  }

  #onAction({ key, value }: KafkaRecord): void {
    if (key === null || value === null) return
    const { codec, subscriptions } = this.#deps
    const actor = key.toString()
    const isHeard = (['customer', 'driver'] as const).some((role) =>
      subscriptions.hasParty(`${role}:${actor}`)
    )
    if (!isHeard) return
    const result = codec.decode('ActionResult', value)
    const party = `${result.actorRole.toLowerCase()}:${actor}` as Party
    const frame = actionFrame(result)
    for (const connection of subscriptions.ofParty(party)) connection.noticeAction(frame)
  }

  #onPosition({ key, value, timestampMs }: KafkaRecord): void {
    if (key === null || value === null) return
    const { codec, subscriptions } = this.#deps
    const rideId = key.toString()
    if (!subscriptions.hasRide(rideId)) return
    const position = codec.decode('RidePosition', value)
    const frame = positionFrame(position, timestampMs)
    for (const connection of subscriptions.ofRide(rideId)) {
      connection.noticePosition(rideId, position.driverId, frame)
    }
  }

  /** Any ride may have had events there, and any customer a new ride: everybody starts anew. */
  #onEventsSkipped(partition: number): void {
    const { ring, metrics } = this.#deps
    const { partitions } = topics.ride_events
    metrics.skipped('ride_events')
    ring.forgetWhere((rideId) => partitionForKey(rideId, partitions) === partition)
    for (const connection of this.#deps.connections()) connection.resync('skipped')
  }

  #onActionsSkipped(partition: number): void {
    this.#deps.metrics.skipped('action_results')
    const { partitions } = topics.action_results
    for (const connection of this.#deps.connections()) {
      const { subject } = connection.identity
      if (partitionForKey(subject, partitions) === partition) connection.resync('skipped')
    }
  }

  #onEventUndecodable({ topic, key }: KafkaRecord): void {
    const { ring, metrics, subscriptions } = this.#deps
    metrics.undecodable(topic)
    const rideId = key?.toString() ?? ''
    ring.forget(rideId)
    for (const connection of [...subscriptions.ofRide(rideId)]) connection.resync('skipped')
  }
}
