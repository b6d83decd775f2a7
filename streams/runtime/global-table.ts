/**
 * @module One global table: the newest value of each key of a topic, over all of its partitions. It is
 * loaded to the high watermarks of one moment before anybody reads it, then follows the topic. When
 * records were deleted that it had not read yet, it is loaded anew behind the one that is read.
 */
import { type Codec, learning } from '../../avro/index.ts'
import { FatalError, type Logger, SkipToDlqError } from '../../core/index.ts'
import type {
  FetchedPartition,
  FetchRequest,
  KafkaAdmin,
  KafkaRecord
} from '../../core/kafka/index.ts'
import type { GlobalTableDefinition } from './global-table-definition.ts'

export interface GlobalTableOptions {
  readonly definition: GlobalTableDefinition
  readonly partitions: number
  readonly admin: Pick<KafkaAdmin, 'endOffsets'>
  readonly codec: Codec
  readonly logger: Logger
}

/** What a table holds and has left out. */
export interface GlobalTableFacts {
  readonly entries: number
  /** Records that could not be decoded since the last call; the entries before them stay. */
  readonly skipped: number
}

export class GlobalTable {
  readonly definition: GlobalTableDefinition
  readonly #options: GlobalTableOptions
  readonly #next: bigint[] = []
  readonly #targets: bigint[] = []
  #live = new Map<string, unknown>()
  /** The table being loaded; null while `#live` follows. */
  #loading: Map<string, unknown> | null = null
  #isLoaded = false
  #skipped = 0

  constructor(options: GlobalTableOptions) {
    this.definition = options.definition
    this.#options = options
  }

  /** True once it was loaded to the high watermarks of its begin. */
  get isLoaded(): boolean {
    return this.#isLoaded
  }

  get(key: string): unknown {
    return this.#live.get(key)
  }

  facts(): GlobalTableFacts {
    const facts = { entries: this.#live.size, skipped: this.#skipped }
    this.#skipped = 0
    return facts
  }

  /** Begins to load: learns where the partitions start and end now. */
  async begin(): Promise<void> {
    const { admin, partitions, definition } = this.#options
    const ends = await admin.endOffsets(definition.topic.name)
    for (let partition = 0; partition < partitions; partition += 1) {
      const { logStart = 0n, high = 0n } = ends.get(partition) ?? {}
      this.#next[partition] = logStart
      this.#targets[partition] = high
    }
    this.#loading = new Map()
    this.#settle()
  }

  /** Offsets to fetch next. */
  wanted(): FetchRequest[] {
    const topic = this.definition.topic.name
    return this.#next.map((offset, partition) => ({ topic, partition, offset }))
  }

  /**
   * Takes a fetch response in.
   * @returns the records applied
   * @throws FatalError HAIL_TOPOLOGY when the table holds more entries than its setting allows
   */
  async deliver(fetched: FetchedPartition): Promise<number> {
    if (fetched.error === 'OFFSET_OUT_OF_RANGE') {
      const { name } = this.definition
      this.#options.logger.warn({ name }, 'a global table missed deleted records; loading it anew')
      await this.begin()
      return 0
    }
    if (fetched.error !== null) return 0
    let next = 0
    await learning(this.#options.codec, () => {
      for (; next < fetched.records.length; next += 1) {
        this.#apply(fetched.records[next] as KafkaRecord)
      }
    })
    this.#next[fetched.partition] = fetched.offsetNext
    this.#settle()
    return fetched.records.length
  }

  #apply({ key, value, partition, offset }: KafkaRecord): void {
    const { definition, codec, logger } = this.#options
    const entries = this.#loading ?? this.#live
    if (key === null) {
      this.#skipped += 1
      return
    }
    const text = key.toString('utf8')
    if (value === null) {
      entries.delete(text)
      return
    }
    try {
      entries.set(text, definition.topic.format.decode(value, codec))
    } catch (error) {
      if (!(error instanceof SkipToDlqError)) throw error
      this.#skipped += 1
      logger.error(
        { name: definition.name, partition, offset: String(offset), err: error },
        'a record of a global table cannot be decoded; it is left out'
      )
    }
    if (entries.size <= definition.entriesMax) return
    throw new FatalError(
      'HAIL_TOPOLOGY',
      `global table ${definition.name}: expected at most ${definition.entriesMax} entries, got one more; ` +
        'raise `entriesMax`, or make it a `table`, which is spread over the tasks'
    )
  }

  /** A table that has reached its targets takes the place of the one that was read. */
  #settle(): void {
    if (this.#loading === null) return
    if (this.#next.some((offset, partition) => offset < (this.#targets[partition] ?? 0n))) return
    this.#live = this.#loading
    this.#loading = null
    this.#isLoaded = true
  }
}
