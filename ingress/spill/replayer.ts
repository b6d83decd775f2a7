/**
 * Brings the spilled records of one topic to Kafka, oldest first and one request at a time, until there
 * are none. A request that fails is tried again for ever: each record was answered 202.
 *
 * @module
 */
import type { Clock } from '../../core/index.ts'
import type { KafkaProducer } from '../../core/kafka/index.ts'
import type { TopicLog } from './topic-log.ts'

/** What a replay needs. */
export type ReplayOptions = {
  log: TopicLog
  producer: Pick<KafkaProducer, 'send'>
  clock: Clock
  batchBytesMax: number
  /** Pause after a failed request. */
  retryMs: number
  /**
   * Resolves once nothing of the topic is in flight elsewhere: a request without an answer may still
   * write records that are older than those here.
   */
  whenIdle: () => Promise<void>
  signal: AbortSignal
  onReplayed: (records: number) => void
  onFailed: (error: unknown) => void
}

/** Resolves when the log is empty, or soon after the signal. Never rejects. */
export const replay = async (options: ReplayOptions): Promise<void> => {
  const { log, signal, whenIdle } = options
  const ended = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  while (log.hasBacklog && !signal.aborted) {
    await Promise.race([whenIdle(), ended])
    if (!signal.aborted) await replayOne(options)
  }
}

const replayOne = async (options: ReplayOptions): Promise<void> => {
  const { log, producer, clock, batchBytesMax, retryMs, signal, onReplayed, onFailed } = options
  try {
    const batch = await log.next(batchBytesMax)
    if (batch === null) {
      // Everything there is waits for its write.
      await log.settled()
      return
    }
    await producer.send(batch.records)
    await log.confirm(batch)
    onReplayed(batch.records.length)
  } catch (error) {
    onFailed(error)
    await clock.sleep(retryMs, signal).catch(() => undefined)
  }
}
