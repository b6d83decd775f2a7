/**
 * The spill: records that cannot be produced now wait on the disk instead of being refused, and a 202
 * is given once they are there. While a topic has any, its newer records go behind them, so a key's
 * order holds; when Kafka takes records again the oldest go first.
 *
 * A record whose request to Kafka has no answer may be spilled too: it may then be in the topic twice,
 * under one `ce_id`, by which every consumer knows it.
 *
 * @module
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, LogFields, Logger, Metrics } from '../../core/index.ts'
import type { KafkaProducer, OutRecord } from '../../core/kafka/index.ts'
import { type FoundTopic, findTopics } from './folder.ts'
import { lockFolder } from './lock.ts'
import { replay } from './replayer.ts'
import type { SyncFile } from './segment.ts'
import { Space } from './space.ts'
import { createSpillMetrics, type SpillMetrics } from './spill-metrics.ts'
import { TopicLog } from './topic-log.ts'

/** Bounds and surroundings; sizes in bytes, times in ms. */
export type SpillOptions = {
  folder: string
  /** Over all topics, set aside bytes included. */
  bytesMax: number
  segmentBytes: number
  producer: Pick<KafkaProducer, 'send'>
  clock: Clock
  logger: Logger
  metrics: Metrics
  batchBytesMax: number
  retryMs: number
  /** Default: the data of the file is forced to the disk. */
  sync?: SyncFile
}

/** What the accumulator knows of the spill. */
export type Spill = {
  /** Whether records of the topic wait on the disk, so that newer ones have to go behind them. */
  holds(topic: string): boolean
  /**
   * Resolves once the record is on the disk, rejects when nobody knows whether it is; null when there
   * is no room, and then it surely is not.
   */
  append(record: OutRecord): Promise<void> | null
  /** Whether there is room for more. */
  readonly hasRoom: boolean
  /** Begins to replay what is there and what comes; see `ReplayOptions.whenIdle`. */
  start(ports: SpillPorts): void
  /** Stops replaying, waits for writes under way, gives the folder back. What is there stays. */
  close(): Promise<void>
}

/** The topic's way past the spill. */
export type SpillPorts = {
  whenIdle: (topic: string) => Promise<void>
  /** Kafka takes records of this topic again, and none is left on the disk. */
  onReplayed: (topic: string) => void
}

/** An outage fails every try: one line in this time is enough. */
const logEveryMs = 5_000

/** Takes the folder and finds what an earlier process left. Throws `HAIL_SPILL_LOCKED` (fatal). */
export const openSpill = async (options: SpillOptions): Promise<Spill> => {
  const { folder, bytesMax, sync = (file) => file.datasync() } = options
  await mkdir(folder, { recursive: true })
  const unlock = await lockFolder(folder)
  const space = new Space(bytesMax)
  try {
    const found = await findTopics(folder, { space, sync })
    return new DiskSpill({ ...options, sync }, { space, found, unlock })
  } catch (error) {
    await unlock()
    throw error
  }
}

class DiskSpill implements Spill {
  readonly #options: SpillOptions & { sync: SyncFile }
  readonly #space: Space
  readonly #unlock: () => Promise<void>
  readonly #logs = new Map<string, TopicLog>()
  readonly #replays = new Map<string, Promise<void>>()
  readonly #metrics: SpillMetrics
  readonly #end = new AbortController()
  #ports: SpillPorts | null = null
  #loggedAt = Number.NEGATIVE_INFINITY

  constructor(
    options: SpillOptions & { sync: SyncFile },
    { space, found, unlock }: { space: Space; found: FoundTopic[]; unlock: () => Promise<void> }
  ) {
    this.#options = options
    this.#space = space
    this.#unlock = unlock
    this.#metrics = createSpillMetrics(options.metrics, { space, logs: this.#logs })
    for (const one of found) this.#take(one)
  }

  holds(topic: string): boolean {
    return this.#logs.get(topic)?.hasBacklog ?? false
  }

  append(record: OutRecord): Promise<void> | null {
    const log = this.#logOf(record.topic)
    const done = log.append(record)
    if (done === null) {
      this.#metrics.refused.inc({ reason: 'full' })
      return null
    }
    this.#replay(log)
    return done
  }

  get hasRoom(): boolean {
    return this.#space.hasRoom
  }

  start(ports: SpillPorts): void {
    this.#ports = ports
    for (const log of this.#logs.values()) this.#replay(log)
  }

  async close(): Promise<void> {
    this.#end.abort()
    await Promise.all(this.#replays.values())
    let left = 0
    for (const log of this.#logs.values()) {
      await log.close()
      left += log.records
    }
    if (left > 0) {
      this.#options.logger.warn({ count: left }, 'spilled records are left for the next start')
    }
    await this.#unlock()
  }

  #take(found: FoundTopic): void {
    const { topic, segments, records, tornBytes } = found
    const { logger } = this.#options
    this.#addLog(topic, found)
    if (tornBytes > 0) {
      this.#metrics.tornBytes.inc({ topic }, tornBytes)
      logger.warn(
        { topic, bytes: tornBytes },
        'a spilled write that a crash interrupted is cut off'
      )
    }
    if (segments.length > 0) {
      logger.warn({ topic, count: records }, 'spilled records of an earlier process are replayed')
    }
  }

  #logOf(topic: string): TopicLog {
    return this.#logs.get(topic) ?? this.#addLog(topic, { segments: [], records: 0, nextNumber: 1 })
  }

  #addLog(topic: string, found: Pick<FoundTopic, 'segments' | 'records' | 'nextNumber'>): TopicLog {
    const { folder, segmentBytes, sync, clock, logger } = this.#options
    const log = new TopicLog({
      topic,
      folder: join(folder, topic),
      found,
      nextNumber: found.nextNumber,
      segmentBytes,
      space: this.#space,
      sync,
      nowMs: () => clock.monotonic(),
      onSynced: ({ records, durationMs }) => {
        this.#metrics.spilled.inc({ topic }, records)
        this.#metrics.syncSeconds.observe({}, durationMs / 1_000)
      },
      onWriteFailed: ({ records, error }) => {
        this.#metrics.refused.inc({ reason: 'disk' }, records)
        this.#warn({ topic, count: records, error }, 'records could not be written to the disk')
      },
      onDamage: ({ segment, bytes, setAside }) => {
        this.#metrics.damagedBytes.inc({ topic }, bytes)
        const fields = { topic, bytes, from: segment, to: setAside }
        logger.error(fields, 'spilled bytes are damaged and set aside; 202s may be lost')
      }
    })
    this.#logs.set(topic, log)
    return log
  }

  #replay(log: TopicLog): void {
    const { topic } = log
    const ports = this.#ports
    if (ports === null || this.#end.signal.aborted || this.#replays.has(topic)) return
    if (!log.hasBacklog) return
    const { producer, clock, batchBytesMax, retryMs } = this.#options
    const running = replay({
      log,
      producer,
      clock,
      batchBytesMax,
      retryMs,
      signal: this.#end.signal,
      whenIdle: () => ports.whenIdle(topic),
      onReplayed: (records) => this.#metrics.replayed.inc({ topic }, records),
      onFailed: (error) => this.#onFailed(topic, error)
    }).then(() => {
      this.#replays.delete(topic)
      if (!log.hasBacklog) ports.onReplayed(topic)
      // A record may have come while the replay was ending.
      else this.#replay(log)
    })
    this.#replays.set(topic, running)
  }

  #onFailed(topic: string, error: unknown): void {
    this.#metrics.replayFailures.inc({ topic })
    this.#warn({ topic, error }, 'spilled records could not be replayed, they wait')
  }

  #warn(fields: LogFields, message: string): void {
    const { clock, logger } = this.#options
    if (clock.monotonic() - this.#loggedAt < logEveryMs) return
    this.#loggedAt = clock.monotonic()
    logger.warn(fields, message)
  }
}
