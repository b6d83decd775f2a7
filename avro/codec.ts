/**
 * Turns records into Kafka values and back, in the Confluent wire format:
 *
 *     0x00 | schema id, 4 bytes big endian | Avro binary
 *
 * Schema ids are fixed when the codec is made, so encoding never asks a registry. Decoding resolves
 * the schema a value was written with to the one this program was built with; writer schemas not
 * known yet are learnt through `learn`.
 * @module
 */
import type { Type } from 'avsc'
import { LRUCache } from 'lru-cache'
import { assertThat, SkipToDlqError } from '../core/index.ts'
import { compileSchema } from './compiled-types.ts'
import { describeMisfits } from './misfits.ts'
import { recordNames, recordSchema } from './schemas.ts'
import type { RecordName, Records } from './types.generated.ts'
import { UnknownSchemaError } from './unknown-schema-error.ts'

const magicByte = 0
const headerBytes = 5

/**
 * Largest value encoded. Brokers refuse record batches above 1,048,588 bytes by default; the rest
 * is left for key, headers and framing. An error here names the record, the broker's does not.
 */
export const payloadBytesMax = 1_000_000

/** Most encoded records are below 1 KiB; the buffer grows on the first one that does not fit. */
const scratchBytesInitial = 65_536

/** Writer schemas kept; a live log holds a handful of versions of about 40 records. */
const writersMax = 1024

/** Resolvers kept per record: its versions still in the log, which are few. */
const resolversMax = 64

/** Encodes and decodes every record. All methods but `learn` are synchronous. */
export type Codec = {
  /**
   * The Kafka value for a record; the buffer is the caller's. An optional field may be left out.
   * Throws SkipToDlqError(HAIL_ENCODE) naming the fields that do not fit, never their values.
   */
  encode<R extends RecordName>(record: R, value: Records[R]): Buffer
  /**
   * The record in a Kafka value; nothing of it refers to `payload`. Throws
   * SkipToDlqError(HAIL_DECODE) when the payload is no such record, UnknownSchemaError when its
   * schema id has to be learnt first.
   */
  decode<R extends RecordName>(record: R, payload: Buffer): Records[R]
  /** Fetches a writer schema. UnknownSchemaError when there is none, RetryError on an outage. */
  learn(schemaId: number): Promise<void>
}

/** What a codec is made of. */
export type CodecSources = {
  /** Schema id each record is written with; a record without one can be decoded only. */
  readonly ids: ReadonlyMap<RecordName, number>
  /** Writer schemas known from the start, by id. */
  readonly writers: ReadonlyMap<number, Type>
  /** Fetches a writer schema, as `Codec.learn` says. */
  readonly fetchWriter: (schemaId: number) => Promise<Type>
}

type Resolver = ReturnType<Type['createResolver']>

/** How to read what one schema wrote: directly, through a resolver, or not at all. */
type Plan = { readonly resolver: Resolver | undefined } | { readonly problem: string }

type Entry = {
  readonly record: RecordName
  readonly type: Type
  readonly id: number | undefined
  readonly plans: LRUCache<number, Plan>
}

/** The compiled type of every record, as this program reads and writes it. */
export const recordTypes: ReadonlyMap<RecordName, Type> = new Map(
  recordNames.map((record) => [record, compileSchema(recordSchema(record))])
)

/** Equal canonical forms have equal wire forms; docs, defaults and tags do not matter there. */
export function isSameOnWire(a: Type, b: Type): boolean {
  return a.fingerprint().equals(b.fingerprint())
}

/** Makes a codec from ids and schemas already at hand. */
export function createCodec({ ids, writers, fetchWriter }: CodecSources): Codec {
  const entries = new Map<RecordName, Entry>()
  for (const [record, type] of recordTypes) {
    const plans = new LRUCache<number, Plan>({ max: resolversMax })
    entries.set(record, { record, type, id: ids.get(record), plans })
  }
  const writerById = new LRUCache<number, Type>({ max: writersMax })
  for (const [id, type] of writers) writerById.set(id, type)
  const scratch = createScratch()

  function entryOf(record: RecordName): Entry {
    const entry = entries.get(record)
    if (entry === undefined) throw new TypeError(`no record is named ${record}`)
    return entry
  }

  return {
    encode(record, value) {
      return scratch.encode(entryOf(record), value)
    },
    decode(record, payload) {
      const entry = entryOf(record)
      const id = readSchemaId(entry, payload)
      if (id === entry.id) return readPayload(entry, payload, undefined) as never
      const plan = entry.plans.get(id) ?? makePlan(entry, id, writerById.get(id))
      if ('problem' in plan) {
        throw new SkipToDlqError('HAIL_DECODE', `${record} in schema ${id}: ${plan.problem}`)
      }
      return readPayload(entry, payload, plan.resolver) as never
    },
    async learn(schemaId) {
      if (writerById.has(schemaId)) return
      writerById.set(schemaId, await fetchWriter(schemaId))
    }
  }
}

function makePlan(entry: Entry, id: number, writer: Type | undefined): Plan {
  if (writer === undefined) throw new UnknownSchemaError(id)
  const plan = isSameOnWire(entry.type, writer) ? { resolver: undefined } : resolve(entry, writer)
  entry.plans.set(id, plan)
  return plan
}

function resolve(entry: Entry, writer: Type): Plan {
  try {
    return { resolver: entry.type.createResolver(writer) }
  } catch (error) {
    // avsc names types and fields here, never values.
    return { problem: `written as ${writer.name ?? writer.typeName}: ${messageOf(error)}` }
  }
}

function readSchemaId({ record }: Entry, payload: Buffer): number {
  if (payload.length < headerBytes || payload[0] !== magicByte) {
    const first = payload.length === 0 ? 'nothing' : `0x${payload.toString('hex', 0, 1)}`
    const got = `${payload.length} bytes starting with ${first}`
    throw new SkipToDlqError('HAIL_DECODE', `expected ${record} after 0x00 and an id, got ${got}`)
  }
  return payload.readUInt32BE(1)
}

function readPayload(entry: Entry, payload: Buffer, resolver: Resolver | undefined): unknown {
  let read: { value: unknown; offset: number }
  try {
    read = entry.type.decode(payload, headerBytes, resolver)
  } catch (cause) {
    throw undecodable(entry, payload, 'a malformed payload', cause)
  }
  if (read.offset === payload.length) return read.value
  const got = read.offset < 0 ? 'a truncated payload' : 'trailing bytes'
  throw undecodable(entry, payload, got)
}

function undecodable(entry: Entry, payload: Buffer, got: string, cause?: unknown): SkipToDlqError {
  const message = `expected ${entry.record}, got ${got} of ${payload.length} bytes`
  return new SkipToDlqError('HAIL_DECODE', message, { cause })
}

/**
 * Encodes into one buffer that is used again and again, then copies exactly the bytes written.
 * That takes one pass over the value and one allocation, and keeps values from pinning buffers
 * larger than themselves.
 */
function createScratch(): { encode(entry: Entry, value: unknown): Buffer } {
  let scratch = Buffer.allocUnsafeSlow(scratchBytesInitial)

  function write(entry: Entry, value: unknown): number {
    try {
      return entry.type.encode(value, scratch, headerBytes)
    } catch (cause) {
      const got = describeMisfits(entry.type, value)
      throw new SkipToDlqError('HAIL_ENCODE', `expected ${entry.record}, got ${got}`, { cause })
    }
  }

  return {
    encode(entry, value) {
      const { id, record } = entry
      assertThat(id !== undefined, `${record} is encoded, so one of its subjects has to be loaded`)
      let end = write(entry, value)
      if (end < 0) {
        // A negative result says how many bytes are missing.
        const bytes = scratch.length - end
        if (bytes > payloadBytesMax) {
          const message = `expected at most ${payloadBytesMax} bytes, ${record} takes ${bytes}`
          throw new SkipToDlqError('HAIL_ENCODE', message)
        }
        scratch = Buffer.allocUnsafeSlow(Math.min(2 * bytes, payloadBytesMax))
        end = write(entry, value)
      }
      scratch[0] = magicByte
      scratch.writeUInt32BE(id, 1)
      return Buffer.from(scratch.subarray(0, end))
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
