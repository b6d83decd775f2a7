/**
 * @module The global tables of a process: loaded before any of its tasks run, then followed by one
 * fetch loop. A task sees a table as it is when it asks, like Kafka Streams' GlobalKTable: a table is
 * no part of a task's transactions, so a batch that is repeated may see a newer one.
 */
import type { Codec } from '../../avro/index.ts'
import { type Clock, FatalError, isHailError, type Logger, RetryError } from '../../core/index.ts'
import type { Fetcher, FetchOptions, KafkaAdmin } from '../../core/kafka/index.ts'
import { GlobalTable } from './global-table.ts'
import type { GlobalReader, GlobalTableDefinition } from './global-table-definition.ts'
import type { TopicSpec } from './processor.ts'
import type { RuntimeMetrics } from './runtime-metrics.ts'
import type { SubTopology } from './topology.ts'

export interface GlobalTablesSettings {
  readonly fetchMaxWaitMs: number
  /** Bytes of one fetch, over all tables. */
  readonly fetchMaxBytes: number
  /** Longest time without progress while loading, ms: open transactions hold it up until the broker ends them. */
  readonly loadPatienceMs: number
}

export const defaultGlobalTablesSettings: GlobalTablesSettings = {
  fetchMaxWaitMs: 500,
  fetchMaxBytes: 4 << 20,
  loadPatienceMs: 60_000
}

export interface GlobalTablesOptions {
  readonly topologies: readonly SubTopology[]
  readonly openFetcher: () => Promise<Fetcher>
  readonly admin: Pick<KafkaAdmin, 'endOffsets'>
  readonly codec: Codec
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Pick<RuntimeMetrics, 'globalTable'>
  readonly settings: GlobalTablesSettings
  readonly partitionsOf: (topic: TopicSpec) => number
  /** Called once when a table cannot be followed any more; the process has to stop. */
  readonly onFatal: (error: unknown) => void
}

const retryMs = 200

export class GlobalTables implements GlobalReader {
  readonly #options: GlobalTablesOptions
  readonly #tables: ReadonlyMap<string, GlobalTable>
  #fetcher: Fetcher | null = null
  #following: Promise<void> | null = null
  #isClosed = false

  /** @throws FatalError HAIL_TOPOLOGY when one name stands for two tables */
  constructor(options: GlobalTablesOptions) {
    const { admin, codec, logger, partitionsOf } = options
    this.#options = options
    this.#tables = new Map(
      globalTablesOf(options.topologies).map((definition) => {
        const partitions = partitionsOf(definition.topic)
        const table = new GlobalTable({ definition, partitions, admin, codec, logger })
        return [definition.name, table]
      })
    )
  }

  /** True once every table was loaded. */
  get isReady(): boolean {
    for (const table of this.#tables.values()) if (!table.isLoaded) return false
    return true
  }

  /** @throws FatalError HAIL_TOPOLOGY for a table that no sub-topology of this process declares */
  get(name: string, key: string): unknown {
    const table = this.#tables.get(name)
    if (table !== undefined) return table.get(key)
    throw new FatalError(
      'HAIL_TOPOLOGY',
      `expected a global table of ${[...this.#tables.keys()].join(', ')}, got "${name}"; declare it in globals`
    )
  }

  /**
   * Reads every table to the high watermarks of now.
   * @throws RetryError HAIL_TIMEOUT when there is no progress for the patience set
   * @throws FatalError HAIL_TOPOLOGY when a table exceeds its setting
   */
  async load(): Promise<void> {
    if (this.#tables.size === 0) return
    const { clock, settings } = this.#options
    await Promise.all([...this.#tables.values()].map((table) => table.begin()))
    let movedMs = clock.monotonic()
    while (!this.isReady && !this.#isClosed) {
      const moved = await this.poll(settings.fetchMaxWaitMs)
      if (moved) movedMs = clock.monotonic()
      else if (clock.monotonic() - movedMs > settings.loadPatienceMs) throw this.#stuck()
    }
  }

  /**
   * One fetch of all tables.
   * @returns true when some partition moved
   */
  async poll(maxWaitMs: number): Promise<boolean> {
    if (this.#tables.size === 0) return false
    const { fetchMaxBytes } = this.#options.settings
    const options: FetchOptions = {
      maxWaitMs,
      maxBytesPerPartition: fetchMaxBytes,
      maxBytes: fetchMaxBytes,
      isolation: 'committed'
    }
    this.#fetcher ??= await this.#options.openFetcher()
    const asked = [...this.#tables.values()].flatMap((table) =>
      table.wanted().map((request) => ({ table, request }))
    )
    const fetched = await this.#fetcher.fetch(
      asked.map(({ request }) => request),
      options
    )
    let moved = false
    for (const [i, { table, request }] of asked.entries()) {
      const partition = fetched[i]
      // A table that begins anew in the middle of a response does not take the rest of it.
      if (partition === undefined || isStale(table, request)) continue
      await table.deliver(partition)
      moved ||= partition.offsetNext > request.offset
    }
    if (moved) this.#report()
    return moved
  }

  /** Follows the topics until `close`. */
  follow(): void {
    if (this.#tables.size > 0) this.#following ??= this.#follow()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#fetcher?.close()
    await this.#following
  }

  async #follow(): Promise<void> {
    const { settings, clock, logger, onFatal } = this.#options
    while (!this.#isClosed) {
      try {
        await this.poll(settings.fetchMaxWaitMs)
      } catch (error) {
        if (this.#isClosed) return
        if (!isHailError(error) || error.reaction === 'fatal') {
          logger.error({ err: error }, 'global tables stopped')
          onFatal(error)
          return
        }
        logger.warn({ err: error }, 'the fetch of global tables failed; trying again')
        await clock.sleep(retryMs)
      }
    }
  }

  #report(): void {
    for (const [name, table] of this.#tables)
      this.#options.metrics.globalTable?.(name, table.facts())
  }

  #stuck(): RetryError {
    const names = [...this.#tables.values()]
      .filter(({ isLoaded }) => !isLoaded)
      .map(({ definition }) => `${definition.name} (${definition.topic.name})`)
    return new RetryError(
      'HAIL_TIMEOUT',
      `expected to read ${names.join(', ')} to the end, no progress for ` +
        `${this.#options.settings.loadPatienceMs} ms; is a transaction open there?`
    )
  }
}

function isStale(
  table: GlobalTable,
  request: { readonly partition: number; readonly offset: bigint }
): boolean {
  return table.wanted()[request.partition]?.offset !== request.offset
}

/** The tables of some sub-topologies, each once. */
export function globalTablesOf(topologies: readonly SubTopology[]): GlobalTableDefinition[] {
  const byName = new Map<string, GlobalTableDefinition>()
  for (const { id, globals = [] } of topologies) {
    for (const definition of globals) {
      const known = byName.get(definition.name)
      if (known !== undefined && known.topic.name !== definition.topic.name) {
        throw new FatalError(
          'HAIL_TOPOLOGY',
          `sub-topology ${id}: expected one topic for global table ${definition.name}, got ` +
            `${known.topic.name} and ${definition.topic.name}`
        )
      }
      byName.set(definition.name, definition)
    }
  }
  return [...byName.values()]
}
