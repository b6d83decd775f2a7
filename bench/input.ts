/**
 * @module The records of a comparison: drawn from a seed, so that what the programs must answer can
 * be worked out beside them, and written once, so that both read the very same log.
 */
import { type Clock, createSeededRandom } from '../core/index.ts'
import { type Kafka, type OutRecord, partitionForKey } from '../core/kafka/index.ts'

/** One input topic. */
export interface InputSpec {
  readonly topic: string
  readonly records: number
  readonly keys: number
  readonly partitions: number
  /** At least 8: a value begins with the record's number. */
  readonly valueBytes: number
  readonly seed: number
  /** Event time of the first record, epoch ms, even. */
  readonly baseMs: number
  /** Event time from the first record to the last, ms. */
  readonly spanMs: number
}

/** A record by its number, from 0. */
export interface InputRecord {
  readonly seq: number
  readonly key: string
  /**
   * Rising with `seq` and always even: a window of odd length has no record exactly on its edge,
   * where engines may differ in whether the edge belongs to it.
   */
  readonly timestampMs: number
}

/** The records in the order of their numbers; the same spec gives the same ones. */
export function* inputRecords(spec: InputSpec): Generator<InputRecord> {
  const random = createSeededRandom(spec.seed)
  for (let seq = 0; seq < spec.records; seq += 1) {
    const key = keyOf(random.word() % spec.keys)
    const timestampMs = spec.baseMs + 2 * Math.floor((seq * spec.spanMs) / (2 * spec.records))
    yield { seq, key, timestampMs }
  }
}

/** Every key once, in the order of their numbers: fills a store with exactly that many entries. */
export function* everyKeyOnce(spec: InputSpec): Generator<InputRecord> {
  for (let seq = 0; seq < spec.records; seq += 1) {
    const timestampMs = spec.baseMs + 2 * Math.floor((seq * spec.spanMs) / (2 * spec.records))
    yield { seq, key: keyOf(seq), timestampMs }
  }
}

/** Records of one send: large enough that the broker is not asked too often, small enough for it. */
const recordsPerSend = 6_000

/** Creates the topic and writes the records, waiting for each batch, so that partitions are in order. */
export async function writeInput(options: {
  readonly kafka: Kafka
  readonly clock: Clock
  readonly spec: InputSpec
  readonly records: Iterable<InputRecord>
  readonly tell: (line: string) => void
}): Promise<void> {
  const { kafka, clock, spec, tell } = options
  const startedAt = clock.monotonic()
  const admin = await kafka.admin()
  const producer = await kafka.producer()
  try {
    await admin.ensureTopics([benchTopic(spec.topic, spec.partitions)])
    const filler = fillerOf(spec)
    let batch: OutRecord[] = []
    for (const record of options.records) {
      batch.push(toOutRecord(record, spec, filler))
      if (batch.length < recordsPerSend) continue
      await producer.send(batch)
      batch = []
    }
    if (batch.length > 0) await producer.send(batch)
  } finally {
    await Promise.all([producer.close(), admin.close()])
  }
  const seconds = (clock.monotonic() - startedAt) / 1000
  tell(`input ${spec.topic}: ${spec.records} records written in ${seconds.toFixed(1)} s`)
}

/** A topic whose records stay, whatever their event time. */
export function benchTopic(name: string, partitions: number) {
  return {
    name,
    partitions,
    replicationFactor: 1,
    config: { 'retention.ms': '-1', 'segment.bytes': String(1 << 30) }
  }
}

/** The number of a record, from its value or from a part of a joined value. */
export function seqOf(value: Buffer, at = 0): number {
  return value.readUInt32BE(at) * 2 ** 32 + value.readUInt32BE(at + 4)
}

function keyOf(number: number): string {
  return `key-${String(number).padStart(7, '0')}`
}

function toOutRecord(record: InputRecord, spec: InputSpec, filler: Buffer): OutRecord {
  const value = Buffer.allocUnsafe(spec.valueBytes)
  filler.copy(value, 8, 0, spec.valueBytes - 8)
  value.writeUInt32BE(Math.floor(record.seq / 2 ** 32), 0)
  value.writeUInt32BE(record.seq >>> 0, 4)
  return {
    topic: spec.topic,
    partition: partitionForKey(record.key, spec.partitions),
    key: record.key,
    value,
    timestampMs: record.timestampMs
  }
}

/** Bytes that do not compress, from the same seed. */
function fillerOf(spec: InputSpec): Buffer {
  const random = createSeededRandom(spec.seed + 1)
  return Buffer.from(Array.from({ length: spec.valueBytes }, () => random.word() & 0xff))
}
