/**
 * Topics in memory that can be followed: a fetch waits for news as a broker's does, and fails as a test
 * tells it.
 *
 * @module
 */
import { type Codec, type RecordName, type Records, topics } from '../../avro/index.ts'
import type { Clock, TimerHandle } from '../../core/index.ts'
import { type FetchedPartition, type Fetcher, partitionForKey } from '../../core/kafka/index.ts'
import { MemoryLog } from '../../test/support/memory-log.ts'
import type { LogSource } from '../push/index.ts'

type FollowedName = 'ride_events' | 'ride_positions' | 'action_results'

/** See the module. */
export class MemoryTopics implements LogSource {
  readonly log: MemoryLog
  /** What a fetch makes of an answer; for errors and lag. */
  disturb: (answer: FetchedPartition) => FetchedPartition = (answer) => answer
  readonly #clock: Clock
  readonly #codec: Pick<Codec, 'encode'>
  #wakers: (() => void)[] = []

  constructor(clock: Clock, codec: Pick<Codec, 'encode'>) {
    this.#clock = clock
    this.#codec = codec
    this.log = new MemoryLog(() => clock.now())
  }

  /** Writes a record as its service would. */
  write<T extends FollowedName>(topic: T, key: string, value: object): void {
    const record: RecordName = topics[topic].record
    this.log.append({
      topic,
      partition: partitionForKey(key, topics[topic].partitions),
      key,
      value: this.#codec.encode(record, value as Records[typeof record])
    })
    this.wake()
  }

  /** Lets waiting fetches look again. */
  wake(): void {
    const wakers = this.#wakers
    this.#wakers = []
    for (const wake of wakers) wake()
  }

  async admin() {
    const none = { logStart: 0n, stable: 0n, high: 0n }
    return {
      endOffsets: async (topic: string) => {
        const written = await this.log.admin.endOffsets(topic)
        const { partitions } = topics[topic as FollowedName]
        const numbers = Array.from({ length: partitions }, (_, partition) => partition)
        return new Map(numbers.map((partition) => [partition, written.get(partition) ?? none]))
      },
      close: async () => undefined
    }
  }

  async fetcher(): Promise<Fetcher> {
    const inner = this.log.fetcher()
    let isClosed = false
    return {
      fetch: async (requests, options) => {
        const look = async () => (await inner.fetch(requests, options)).map(this.disturb)
        const first = await look()
        const hasNews = first.some(
          ({ error, records, offsetNext }, index) =>
            error !== null || records.length > 0 || offsetNext !== requests[index]?.offset
        )
        if (hasNews || isClosed) return first
        await this.#news(options.maxWaitMs)
        return await look()
      },
      close: async () => {
        isClosed = true
        this.wake()
      }
    }
  }

  #news(maxWaitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer: TimerHandle = this.#clock.setTimer(resolve, maxWaitMs)
      this.#wakers.push(() => {
        timer.cancel()
        resolve()
      })
    })
  }
}
