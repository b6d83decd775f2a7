/**
 * The sinks of a process: the chosen connectors over one connection to MongoDB and one Kafka.
 *
 * @module
 */

import type { Codec } from '../avro/index.ts'
import { type Clock, isHailError, type Logger, type Metrics } from '../core/index.ts'
import type { Kafka, KafkaProducer, OutRecord } from '../core/kafka/index.ts'
import { type CatalogueEntry, catalogue } from './catalogue.ts'
import type { SinksSettings } from './config.ts'
import type { Database } from './models/index.ts'
import {
  ConnectorRunner,
  createFoldWriter,
  createMongoCollection,
  createNewestWriter,
  createRetrier,
  type RunnerStatus
} from './runtime/index.ts'

/** What the sinks need. Closing `kafka` and `database` is the caller's. */
export type SinksOptions = {
  readonly kafka: Kafka
  readonly codec: Codec
  readonly database: Database
  readonly metrics: Metrics
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: SinksSettings
}

/** The connectors of a process. */
export type Sinks = {
  /**
   * Returns at once; what is away is waited for behind. No connector writes before the indexes are
   * there. `onFailure` is called once when they cannot be made at all.
   */
  start(onFailure: (error: unknown) => void): void
  /** Finishes the batches at hand, commits, leaves the groups. */
  stop(): Promise<void>
  /** One line a connector. */
  status(): readonly RunnerStatus[]
}

/** A remembered version: a key of some 40 characters, a number and the map's entry. */
const keyBytes = 200

/** Creates the sinks; they run once `start` is called. */
export function createSinks(options: SinksOptions): Sinks {
  const { clock, database, settings } = options
  const logger = options.logger.child({ component: 'sinks' })
  const letters = createLetterBox(options.kafka)
  const chosen = catalogue.filter(({ connector }) => settings.names.includes(connector.name))
  const runners = chosen.map((entry) => createRunner(entry, { ...options, logger }, letters.send))
  const stop = new AbortController()
  const retrier = createRetrier({
    clock,
    logger,
    waits: settings.runner.retry,
    onRetry: () => undefined
  })
  let preparing: Promise<void> = Promise.resolve()

  const prepare = async (onFailure: (error: unknown) => void): Promise<void> => {
    try {
      await retrier.run('create indexes', () => database.ensureIndexes(), stop.signal)
      for (const runner of runners) runner.start()
    } catch (error) {
      if (!(isHailError(error) && error.code === 'HAIL_CLOSED')) onFailure(error)
    }
  }

  return {
    start: (onFailure) => {
      preparing = prepare(onFailure)
    },
    stop: async () => {
      stop.abort()
      await preparing
      await Promise.all(runners.map((runner) => runner.stop()))
      await letters.close()
    },
    status: () => runners.map((runner) => runner.status())
  }
}

function createRunner(
  { connector, model }: CatalogueEntry,
  options: SinksOptions,
  sendDeadLetters: (records: readonly OutRecord[]) => Promise<void>
): ConnectorRunner {
  const { settings } = options
  const { memoryBytes } = settings
  const collection = createMongoCollection(options.database, model)
  const writer =
    connector.mode === 'newest'
      ? createNewestWriter({
          collection,
          versionField: connector.versionField,
          keysMax: Math.ceil(memoryBytes / keyBytes)
        })
      : createFoldWriter({
          collection,
          documentsMax: Math.ceil(memoryBytes / connector.documentBytes)
        })
  return new ConnectorRunner({
    ...options,
    settings: settings.runner,
    connector,
    writer,
    sendDeadLetters
  })
}

/** One producer for the dead letters of all connectors, made when the first one comes. */
function createLetterBox(kafka: Kafka) {
  let producer: Promise<KafkaProducer> | null = null
  return {
    send: async (records: readonly OutRecord[]): Promise<void> => {
      producer ??= kafka.producer()
      let open: KafkaProducer
      try {
        open = await producer
      } catch (error) {
        producer = null
        throw error
      }
      await open.send(records)
    },
    close: async (): Promise<void> => {
      const open = await producer?.catch(() => null)
      await open?.close()
    }
  }
}
