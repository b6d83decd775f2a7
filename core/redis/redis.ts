/**
 * The Redis port: the few commands the project uses, with bounded waiting and typed errors. Redis
 * is a cache of what Kafka knows, so a command that fails is retried or its state is rebuilt.
 *
 * @module
 */

import type { Redis as IoRedis } from 'ioredis'
import type { ScriptDefinition } from './script.ts'

/** A hash and the fields wanted of it. */
export type HashFields = { readonly key: string; readonly fields: readonly string[] }

/** Some fields of a hash. `cursor` is '0' after the last page. */
export type HashPage = {
  readonly cursor: string
  readonly entries: readonly (readonly [field: string, value: Buffer])[]
}

/** One member of a GEO index. */
export type GeoMember = {
  readonly member: string
  readonly distanceMeters: number
  readonly lon: number
  readonly lat: number
}

/** A circle to search, and how many of the nearest members are wanted. */
export type GeoCircle = {
  readonly lon: number
  readonly lat: number
  readonly radiusMeters: number
  readonly count: number
}

/** An argument of a script. Buffers are sent as they are. */
export type ScriptArgument = string | number | Buffer

/** A script ready to be called. Bulk replies arrive as Buffers, integers as numbers. */
export type Script = (keys: readonly string[], args: readonly ScriptArgument[]) => Promise<unknown>

/**
 * A connection to Redis. Every command may throw `HAIL_REDIS_UNAVAILABLE` (retry; a write may or
 * may not have happened), `HAIL_REDIS_REFUSED` (fatal) or `HAIL_CLOSED`.
 */
export type Redis = {
  /** Values in the order of `fields` (at most `hashFieldsMax`), read atomically. */
  hmget(key: string, fields: readonly string[]): Promise<(Buffer | null)[]>
  /** Several `hmget` in one round trip. Each hash is read atomically, not all of them together. */
  hmgetMany(requests: readonly HashFields[]): Promise<(Buffer | null)[][]>
  hget(key: string, field: string): Promise<Buffer | null>
  /** Number of fields. */
  hlen(key: string): Promise<number>
  /** Names of all fields, for hashes known to be small. */
  hkeys(key: string): Promise<string[]>
  /** One page of `hscanAll`, which has the guarantees. '0' begins; about `count` fields. */
  hscan(key: string, cursor: string, count: number): Promise<HashPage>
  /**
   * All fields of a hash, a page at a time. A field that stays is given at least once, maybe
   * twice; one that comes or goes meanwhile may be given or not.
   */
  hscanAll(key: string): AsyncIterable<HashPage['entries']>
  /** Nearest members first. Radius in meters. */
  geosearch(key: string, circle: GeoCircle): Promise<GeoMember[]>
  /**
   * Loads nothing yet: the script is sent with its first call, and again when Redis has lost it.
   * A call also throws `HAIL_REDIS_SCRIPT` (corrupt): a script that fails half-way has written
   * half of what it would.
   */
  script(definition: ScriptDefinition): Script
  get(key: string): Promise<Buffer | null>
  /** Expires after `ttlMs` if given. Not for state: state has no expiry in Redis. */
  set(key: string, value: string | Buffer, options?: { readonly ttlMs: number }): Promise<void>
  /** Adds 1 and returns the new count; the first one starts the life of `ttlMs`. */
  incr(key: string, options: { readonly ttlMs: number }): Promise<number>
  /** Removes keys (memory is freed in the background); how many there were. */
  del(keys: readonly string[]): Promise<number>
  /** Round trip in milliseconds. */
  ping(): Promise<number>
  /** Whether the connection is usable now, for readiness checks. */
  isReady(): boolean
  /**
   * Throws `HAIL_REDIS_POLICY` (fatal) unless `maxmemory-policy` is `noeviction`: evicted state
   * would look like state that never was. Warns when the server does not let us ask.
   */
  requireNoEviction(): Promise<void>
  /** The raw client, for libraries that bring their own commands. It does not queue offline. */
  readonly client: IoRedis
  /** Ends the connection; waits for commands under way, bounded by the command timeout. */
  close(): Promise<void>
}
