/**
 * @module Scenario: the time that one exactly-once hop adds, under an open load. Records are due at a
 * fixed rate whatever becomes of the earlier ones, and latency counts from the moment a record was
 * due, so that a stall shows in every record it held up (no coordinated omission), until a reader
 * of committed records has it.
 */
import type { Fetcher } from '../../core/kafka/index.ts'
import { partitionForKey } from '../../core/kafka/index.ts'
import { Histogram, type HistogramSummary } from '../histogram.ts'
import { benchTopic } from '../input.ts'
import type { Stage } from '../stage.ts'
import { OwnProgram } from './own-program.ts'
import type { Scenario, ScenarioOptions } from './scenario.ts'

export interface HopLatency {
  /** Records that came due a second. */
  readonly ratePerSecond: number
  /** Records that were due and did not come out until the end of the wait. */
  readonly missing: number
  readonly latencyMs: HistogramSummary
}

/** Every round of every rate, in the order they ran. */
export type LatencyResult = readonly HopLatency[]

/** The generator looks for records that are due this often, ms: part of the latency told. */
const tickMs = 4
const sendsInFlightMax = 16
/** Wait for the last records after the last one was due, ms. */
const drainMs = 5_000

export const latency: Scenario<LatencyResult> = async (options) => {
  const results: HopLatency[] = []
  const { hopRounds, hopRates } = options.sizes
  // Rates take turns, so that a machine that slows down for a while slows both.
  for (let round = 1; round <= hopRounds; round += 1) {
    for (const rate of hopRates) results.push(await measureHop(options, { rate, round }))
  }
  return results
}

async function measureHop(
  options: ScenarioOptions,
  { rate, round }: { readonly rate: number; readonly round: number }
): Promise<HopLatency> {
  const { stage, sizes } = options
  const name = `${stage.prefix}_hop_${rate}_${round}`
  const topics = { input: `${name}_input`, output: `${name}_output` }
  await stage.admin.ensureTopics(
    Object.values(topics).map((topic) => benchTopic(topic, sizes.partitions))
  )
  const program = new OwnProgram(stage, {
    program: 'hop',
    input: [topics.input],
    partitions: sizes.partitions,
    windowMs: sizes.windowMs,
    graceMs: sizes.graceMs
  })
  const fetcher = await stage.kafka.fetcher()
  try {
    await program.start(name, topics.output)
    await program.until(
      ({ assigned, running }) => assigned === sizes.partitions && running === assigned
    )
    await program.unwatch()
    const load = new Load(stage, { rate, topic: topics.input, sizes })
    const reader = new HopReader(stage, { fetcher, topic: topics.output, load })
    const result = await Promise.race([reader.run(load.run()), program.child.died])
    stage.tell(
      `hop ${round}/${sizes.hopRounds} at ${rate} records/s: p50 ${result.latencyMs.p50}, p95 ${result.latencyMs.p95}, ` +
        `p99 ${result.latencyMs.p99} ms, ${result.missing} missing`
    )
    return result
  } finally {
    await fetcher.close()
    await program.child.end()
  }
}

interface LoadOptions {
  readonly rate: number
  readonly topic: string
  readonly sizes: ScenarioOptions['sizes']
}

/** Sends what is due. A value begins with its number, from which its due time follows. */
class Load {
  readonly rate: number
  readonly partitions: number
  readonly total: number
  /** Number of the first record that counts. */
  readonly first: number
  readonly #stage: Stage
  readonly #options: LoadOptions
  #startedAt = 0

  constructor(stage: Stage, options: LoadOptions) {
    const { rate, sizes } = options
    this.#stage = stage
    this.#options = options
    this.rate = rate
    this.partitions = sizes.partitions
    this.first = rate * sizes.hopWarmupSeconds
    this.total = this.first + rate * sizes.hopSeconds
  }

  /** When a record was due, on the monotonic clock, ms. */
  dueAt(seq: number): number {
    return this.#startedAt + (seq * 1000) / this.rate
  }

  /** Resolves when all are sent and acknowledged. */
  async run(): Promise<void> {
    const { kafka, clock } = this.#stage
    const producer = await kafka.producer()
    const sends = new Set<Promise<void>>()
    this.#startedAt = clock.monotonic()
    try {
      for (let next = 0; next < this.total; ) {
        const elapsedMs = clock.monotonic() - this.#startedAt
        const due = Math.min(this.total, Math.floor((elapsedMs * this.rate) / 1000))
        if (due > next) {
          const records = Array.from({ length: due - next }, (_, i) => this.#record(next + i))
          next = due
          const send = producer.send(records).finally(() => sends.delete(send))
          sends.add(send)
        }
        // A full broker holds the generator up, not the clock: what is late by then counts as late.
        await (sends.size < sendsInFlightMax ? clock.sleep(tickMs) : Promise.race(sends))
      }
      await Promise.all(sends)
    } finally {
      await producer.close()
    }
  }

  #record(seq: number) {
    const { topic, sizes } = this.#options
    const key = `key-${String((seq * 7_919) % sizes.keys).padStart(7, '0')}`
    const value = Buffer.alloc(sizes.valueBytes)
    value.writeUInt32BE(seq, 4)
    const partition = partitionForKey(key, this.partitions)
    return { topic, partition, key, value, timestampMs: this.#stage.clock.now() }
  }
}

interface HopReaderOptions {
  readonly fetcher: Fetcher
  readonly topic: string
  readonly load: Load
}

/** Reads outputs as they become visible. */
class HopReader {
  readonly #stage: Stage
  readonly #options: HopReaderOptions
  readonly #histogram = new Histogram()
  readonly #offsets: bigint[]
  #seen = 0

  constructor(stage: Stage, options: HopReaderOptions) {
    this.#stage = stage
    this.#options = options
    this.#offsets = Array.from({ length: options.load.partitions }, () => 0n)
  }

  /** Reads until every record is out, or the load is over and the wait for the last ones too. */
  async run(sent: Promise<void>): Promise<HopLatency> {
    const { clock } = this.#stage
    const { load } = this.#options
    let endsAt = Number.POSITIVE_INFINITY
    const finished = sent.then(() => {
      endsAt = clock.monotonic() + drainMs
    })
    const read = async (): Promise<void> => {
      while (this.#seen < load.total && clock.monotonic() < endsAt) await this.#fetch()
    }
    await Promise.all([finished, read()])
    return {
      ratePerSecond: load.rate,
      missing: load.total - this.#seen,
      latencyMs: this.#histogram.summary(1_000)
    }
  }

  async #fetch(): Promise<void> {
    const { fetcher, topic, load } = this.#options
    const requests = this.#offsets.map((offset, partition) => ({ topic, partition, offset }))
    const fetched = await fetcher.fetch(requests, {
      maxWaitMs: 100,
      maxBytesPerPartition: 1 << 20,
      maxBytes: 8 << 20,
      isolation: 'committed'
    })
    const now = this.#stage.clock.monotonic()
    for (const { partition, records, offsetNext } of fetched) {
      this.#offsets[partition] = offsetNext
      for (const { value } of records) {
        const seq = value?.readUInt32BE(4) ?? 0
        this.#seen += 1
        if (seq >= load.first) this.#histogram.record((now - load.dueAt(seq)) * 1_000)
      }
    }
  }
}
