/**
 * @module Writes the events of a number of rides to Kafka as they fall due: event `n` is the next one of
 * ride `n` modulo their number.
 */
import { type Codec, createRegistryClient, loadCodec, type Ride, topics } from '../../avro/index.ts'
import { silentLogger } from '../../core/index.ts'
import { type KafkaProducer, type OutRecord, partitionForKey } from '../../core/kafka/index.ts'
import { aRideEvent } from '../../ingress/testing/builders.ts'
import type { Stage } from '../stage.ts'

/** A load: `total` events at a rate, the first due at `startMs` of the monotonic clock. */
export interface EventLoad {
  readonly startMs: number
  readonly ratePerSecond: number
  readonly total: number
  /** Number of each ride's last event before the load. */
  readonly seqBefore: number
}

/** The writer looks for events that are due this often, ms: part of any lateness told. */
const tickMs = 2

export class EventWriter {
  readonly #stage: Stage
  readonly #rides: readonly Ride[]
  readonly #codec: Codec
  readonly #producer: KafkaProducer

  static async open(stage: Stage, rides: readonly Ride[]): Promise<EventWriter> {
    const url = stage.addresses.registry
    const registry = createRegistryClient({ url, timeoutMs: 5_000, logger: silentLogger })
    const codec = await loadCodec({ registry })
    return new EventWriter(stage, rides, codec, await stage.kafka.producer())
  }

  private constructor(stage: Stage, rides: readonly Ride[], codec: Codec, producer: KafkaProducer) {
    this.#stage = stage
    this.#rides = rides
    this.#codec = codec
    this.#producer = producer
  }

  /** One send after the other, each with all that is due by then, so the order of a ride's events holds. */
  async write(load: EventLoad): Promise<void> {
    const { clock } = this.#stage
    for (let sent = 0; sent < load.total; ) {
      const elapsedMs = clock.monotonic() - load.startMs
      const due = Math.floor((elapsedMs / 1_000) * load.ratePerSecond)
      const records: OutRecord[] = []
      for (; sent < Math.min(due, load.total); sent += 1) records.push(this.#record(sent, load))
      if (records.length > 0) await this.#producer.send(records)
      else await clock.sleep(tickMs)
    }
  }

  close(): Promise<void> {
    return this.#producer.close()
  }

  #record(index: number, { seqBefore }: EventLoad): OutRecord {
    const before = this.#rides[index % this.#rides.length] as Ride
    const ride = { ...before, seq: seqBefore + Math.floor(index / this.#rides.length) + 1 }
    // Declined offers are what a ride may hear of any number of times.
    const event = aRideEvent(ride.seq === 1 ? 'RIDE_REQUESTED' : 'OFFER_DECLINED', ride)
    const nowMs = this.#stage.clock.now()
    return {
      topic: 'ride_events',
      partition: partitionForKey(ride.rideId, topics.ride_events.partitions),
      key: ride.rideId,
      value: this.#codec.encode('RideEvent', { ...event, occurredAt: nowMs }),
      timestampMs: nowMs
    }
  }
}
