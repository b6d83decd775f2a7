/**
 * The Redis port on ioredis.
 *
 * ioredis' own offline queue is unbounded and sends commands whose callers have long given up, so
 * it is off: a command that finds no connection waits here, bounded in time and number. Nor are
 * commands under way resent after a reconnect: `INCR` twice is not `INCR` once, and the callers
 * know better whether to repeat.
 *
 * @module
 */

import { Redis as IoRedis } from 'ioredis'
import { type Clock, systemClock } from '../clock/index.ts'
import { assertThat, FatalError, MigrateError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'
import { createConnectionGate } from './connection-gate.ts'
import type {
  GeoCircle,
  GeoMember,
  HashFields,
  HashPage,
  Redis,
  Script,
  ScriptArgument
} from './redis.ts'
import { mapRedisError, replyCode } from './redis-errors.ts'
import { loadScript, type ScriptDefinition } from './script.ts'
import { createScriptCaller } from './script-caller.ts'

/** Bounds of the adapter. */
export const redisLimits = {
  /** Fields of one HMGET: 5,000 cost Redis about 2 ms, in which it serves nobody else. */
  hashFieldsMax: 5_000,
  /** HMGETs of one pipeline; longer lists take several round trips. */
  pipelineCommandsMax: 500,
  /** Fields of one page of a scan. */
  scanPageFields: 1_000,
  /** Members of one GEO search. */
  geoMembersMax: 10_000,
  /** Keys of one removal. */
  deleteKeysMax: 1_000
} as const

/** Bounds have defaults; `metrics` adds latencies and errors by command. */
export type RedisOptions = {
  readonly url: string
  readonly logger: Logger
  /** Shown in Redis' list of clients. */
  readonly name: string
  readonly clock?: Clock
  readonly metrics?: Metrics
  readonly connectTimeoutMs?: number
  /** Longest wait for an answer, and for a connection before it. */
  readonly commandTimeoutMs?: number
  /** Commands that may wait for a connection at once. */
  readonly waitingMax?: number
  readonly reconnectMsMax?: number
}

const DEFAULTS = {
  connectTimeoutMs: 5_000,
  commandTimeoutMs: 5_000,
  waitingMax: 1_000,
  reconnectMsMax: 2_000
}

const RECONNECT_MS_MIN = 50

const increment = loadScript({
  name: 'increment',
  url: new URL('./increment.lua', import.meta.url),
  keys: 1
})

/** Connects in the background; the first command waits for the connection. */
export function createRedis(options: RedisOptions): Redis {
  return new RedisAdapter(options)
}

class RedisAdapter implements Redis {
  readonly client: IoRedis
  readonly #options: RedisOptions & typeof DEFAULTS
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #gate: ReturnType<typeof createConnectionGate>
  readonly #observe: (command: string, seconds: number, error: string | null) => void
  readonly #increment: Script
  #isClosed = false

  constructor(options: RedisOptions) {
    this.#options = { ...DEFAULTS, ...definedOnly(options) }
    this.#clock = options.clock ?? systemClock
    this.#logger = options.logger.child({ component: 'redis' })
    this.#observe = createObserver(options.metrics)
    this.client = connect(this.#options, this.#clock)
    this.#gate = createConnectionGate(this.client, {
      clock: this.#clock,
      logger: this.#logger,
      waitMs: this.#options.commandTimeoutMs,
      waitingMax: this.#options.waitingMax
    })
    this.#increment = this.script(increment)
  }

  async hmget(key: string, fields: readonly string[]): Promise<(Buffer | null)[]> {
    if (fields.length === 0) return []
    assertFieldCount(fields.length)
    return this.#run('hmget', () => this.client.hmgetBuffer(key, ...fields))
  }

  async hmgetMany(requests: readonly HashFields[]): Promise<(Buffer | null)[][]> {
    const results: (Buffer | null)[][] = []
    const size = redisLimits.pipelineCommandsMax
    for (let start = 0; start < requests.length; start += size) {
      const page = requests.slice(start, start + size)
      results.push(...(await this.#run('hmgetMany', () => this.#hmgetPage(page))))
    }
    return results
  }

  hget(key: string, field: string): Promise<Buffer | null> {
    return this.#run('hget', () => this.client.hgetBuffer(key, field))
  }

  hlen(key: string): Promise<number> {
    return this.#run('hlen', () => this.client.hlen(key))
  }

  hkeys(key: string): Promise<string[]> {
    return this.#run('hkeys', () => this.client.hkeys(key))
  }

  async hscan(key: string, cursor: string, count: number): Promise<HashPage> {
    const [next, flat] = await this.#run('hscan', () =>
      this.client.hscanBuffer(key, cursor, 'COUNT', Math.max(1, count))
    )
    const entries: [string, Buffer][] = []
    for (let index = 0; index + 1 < flat.length; index += 2) {
      entries.push([String(flat[index]), flat[index + 1] as Buffer])
    }
    return { cursor: next.toString(), entries }
  }

  async *hscanAll(key: string): AsyncIterable<HashPage['entries']> {
    let cursor = '0'
    do {
      const page = await this.hscan(key, cursor, redisLimits.scanPageFields)
      cursor = page.cursor
      if (page.entries.length > 0) yield page.entries
    } while (cursor !== '0')
  }

  async geosearch(key: string, circle: GeoCircle): Promise<GeoMember[]> {
    const { lon, lat, radiusMeters, count } = circle
    const max = redisLimits.geoMembersMax
    assertThat(count >= 1 && count <= max, `a search wants 1 to ${max} members, got ${count}`)
    const reply = await this.#run('geosearch', () =>
      this.client.call(
        'GEOSEARCH',
        [key, 'FROMLONLAT', lon, lat, 'BYRADIUS', radiusMeters, 'm', 'ASC', 'COUNT', count].concat(
          'WITHDIST',
          'WITHCOORD'
        )
      )
    )
    return (reply as [string, string, [string, string]][]).map(([member, distance, place]) => ({
      member,
      distanceMeters: Number(distance),
      lon: Number(place[0]),
      lat: Number(place[1])
    }))
  }

  script(definition: ScriptDefinition): Script {
    const call = createScriptCaller(this.client, definition)
    return (keys: readonly string[], args: readonly ScriptArgument[]) =>
      this.#run(definition.name, () => call(keys, args), true)
  }

  get(key: string): Promise<Buffer | null> {
    return this.#run('get', () => this.client.getBuffer(key))
  }

  async set(
    key: string,
    value: string | Buffer,
    options?: { readonly ttlMs: number }
  ): Promise<void> {
    await this.#run('set', () =>
      options === undefined
        ? this.client.set(key, value)
        : this.client.set(key, value, 'PX', Math.max(1, Math.round(options.ttlMs)))
    )
  }

  async incr(key: string, options: { readonly ttlMs: number }): Promise<number> {
    return Number(await this.#increment([key], [Math.max(1, Math.round(options.ttlMs))]))
  }

  async del(keys: readonly string[]): Promise<number> {
    let removed = 0
    const size = redisLimits.deleteKeysMax
    for (let start = 0; start < keys.length; start += size) {
      const page = keys.slice(start, start + size)
      removed += await this.#run('unlink', () => this.client.unlink(...page))
    }
    return removed
  }

  async ping(): Promise<number> {
    const startedMs = this.#clock.monotonic()
    await this.#run('ping', () => this.client.ping())
    return this.#clock.monotonic() - startedMs
  }

  isReady(): boolean {
    return !this.#isClosed && this.client.status === 'ready'
  }

  async requireNoEviction(): Promise<void> {
    const policy = await this.#run('config', () => this.#readEvictionPolicy())
    if (policy === null) {
      const message = 'Redis does not tell its maxmemory-policy; make sure it is noeviction'
      this.#logger.warn({}, message)
    } else if (policy !== 'noeviction') {
      throw new FatalError(
        'HAIL_REDIS_POLICY',
        `expected maxmemory-policy noeviction, got ${policy}: Redis would drop state when full; ` +
          'set it with CONFIG SET maxmemory-policy noeviction and in redis.conf'
      )
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#gate.close()
    try {
      // QUIT is answered after everything sent before it.
      if (this.client.status === 'ready') await this.client.quit()
    } catch {
      // The connection is gone or does not answer, which is what was wanted.
    } finally {
      this.client.disconnect()
    }
  }

  /** Null when the server forbids the question, as managed services do. */
  async #readEvictionPolicy(): Promise<string | null> {
    try {
      const reply = (await this.client.config('GET', 'maxmemory-policy')) as string[]
      return reply[1] ?? null
    } catch (error) {
      const code = replyCode(error)
      if (code === 'NOPERM' || code === 'ERR') return null
      throw error
    }
  }

  async #hmgetPage(requests: readonly HashFields[]): Promise<(Buffer | null)[][]> {
    const pipeline = this.client.pipeline()
    for (const { key, fields } of requests) {
      assertFieldCount(fields.length)
      // HMGET without fields is an error; asking for one and dropping it keeps the replies aligned.
      pipeline.hmgetBuffer(key, ...(fields.length === 0 ? [''] : fields))
    }
    const replies = (await pipeline.exec()) ?? []
    return requests.map(({ fields }, index) => {
      const [error, values] = replies[index] ?? [new Error('no reply'), null]
      if (error !== null) throw error
      return fields.length === 0 ? [] : (values as (Buffer | null)[])
    })
  }

  async #run<T>(command: string, send: () => Promise<T>, isScript = false): Promise<T> {
    if (this.#isClosed) throw new MigrateError('HAIL_CLOSED', `${command} after Redis was closed`)
    const startedMs = this.#clock.monotonic()
    let failure: string | null = null
    try {
      if (this.client.status !== 'ready') await this.#gate.ready(command)
      return await send()
    } catch (error) {
      const mapped = mapRedisError(error, { command, isScript })
      failure = mapped.code
      throw mapped
    } finally {
      this.#observe(command, (this.#clock.monotonic() - startedMs) / 1_000, failure)
    }
  }
}

function connect(options: RedisOptions & typeof DEFAULTS, clock: Clock): IoRedis {
  return new IoRedis(options.url, {
    connectionName: options.name,
    connectTimeout: options.connectTimeoutMs,
    commandTimeout: options.commandTimeoutMs,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    protocol: 2,
    // Full jitter over the upper half: processes that lost Redis together do not return together.
    retryStrategy: (attempt) => {
      const ceilingMs = Math.min(
        options.reconnectMsMax,
        RECONNECT_MS_MIN * 2 ** Math.min(attempt, 16)
      )
      return Math.round(ceilingMs * (0.5 + clock.random() / 2))
    },
    // After a failover the old primary answers READONLY until we ask for its address again.
    reconnectOnError: (error) => error.message.startsWith('READONLY')
  })
}

function createObserver(
  metrics: Metrics | undefined
): (command: string, seconds: number, error: string | null) => void {
  if (metrics === undefined) return () => undefined
  const latency = metrics.histogram({
    name: 'hail_redis_command_seconds',
    help: 'Time from asking for a command to its answer, waiting for a connection included.',
    labels: ['command']
  })
  const errors = metrics.counter({
    name: 'hail_redis_errors_total',
    help: 'Commands that failed, by error code.',
    labels: ['command', 'code']
  })
  return (command, seconds, code) => {
    latency.observe({ command }, seconds)
    if (code !== null) errors.inc({ command, code })
  }
}

function assertFieldCount(count: number): void {
  const max = redisLimits.hashFieldsMax
  assertThat(count <= max, `one read takes at most ${max} fields of a hash, got ${count}`)
}

/** Leaves out settings that are undefined, which would hide their defaults. */
function definedOnly(options: RedisOptions): RedisOptions {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as unknown as RedisOptions
}
