/**
 * The schema registry behind a small port. Around the client library it adds what a process that
 * runs for months needs: a timeout and bounded retries for each request, errors that say what to
 * do, and a memory of ids that do not exist, so that a corrupt record does not make every reader
 * ask again and again.
 * @module
 */
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry'
import type { Type } from 'avsc'
import { LRUCache } from 'lru-cache'
import { type Clock, FatalError, type Logger, RetryError, systemClock } from '../core/index.ts'
import { compileOptions } from './compiled-types.ts'
import type { RecordSchema } from './schemas.ts'
import type { Compatibility } from './subjects.ts'
import { UnknownSchemaError } from './unknown-schema-error.ts'

/** Tries of one call; with two waits below it lasts at most 3 timeouts and half a second. */
const tries = 3
const retryWaitMs = 100
const retryWaitFactor = 4

/** An id that was not found is not asked for again within this time. */
const missingMs = 30_000

/** Missing ids remembered; each entry is two numbers. */
const missingMax = 1024

/** A schema in the registry, compiled. */
export type RegisteredSchema = { readonly id: number; readonly type: Type }

/**
 * A schema registry. Every method throws RetryError(HAIL_REGISTRY) when the registry does not
 * answer and FatalError(HAIL_CONFIG) when it refuses the credentials.
 */
export type RegistryClient = {
  /**
   * Registers a schema and returns its id; a schema already there keeps its id. The first
   * registration sets the compatibility of the subject. FatalError(HAIL_SCHEMA_INCOMPATIBLE) when
   * the schema breaks it, or when the subject has another compatibility.
   */
  register(subject: string, schema: RecordSchema, compatibility: Compatibility): Promise<number>
  /** The newest schema of a subject, null when it has none. */
  latest(subject: string): Promise<RegisteredSchema | null>
  /** The id a version (from 1) of a subject has, null when there is none. */
  idOfVersion(subject: string, version: number): Promise<number | null>
  /** The schema of an id. UnknownSchemaError when there is none; asked again after 30 s. */
  byId(id: number): Promise<Type>
}

export type RegistryOptions = {
  /** Base address; a user and password in it are sent as basic authentication. */
  readonly url: string
  /** Of one request, which is tried 3 times. */
  readonly timeoutMs: number
  readonly logger: Logger
  readonly clock?: Clock
}

/** Connects on demand; making the client does no request. */
export function createRegistryClient(options: RegistryOptions): RegistryClient {
  const { clock = systemClock } = options
  const library = createLibrary(options)
  const missingUntil = new LRUCache<number, number>({ max: missingMax })
  const call = createCaller({ ...options, clock })

  return {
    register(subject, schema, compatibility) {
      return call(`register ${subject}`, async () => {
        const confluent = { type: SchemaType.AVRO as const, schema: JSON.stringify(schema) }
        // The library types the levels as an enum whose values are their names.
        const level = compatibility as never
        const { id } = await library.register(confluent, { subject, compatibility: level })
        return id
      })
    },
    latest(subject) {
      return call(`read the latest schema of ${subject}`, async () => {
        const id = await orNull(library.getLatestSchemaId(subject))
        return id === null ? null : { id, type: (await library.getSchema(id)) as Type }
      })
    },
    idOfVersion(subject, version) {
      return call(`read version ${version} of ${subject}`, () => {
        return orNull(library.getRegistryId(subject, version))
      })
    },
    async byId(id) {
      if ((missingUntil.get(id) ?? 0) > clock.monotonic()) throw new UnknownSchemaError(id)
      const type = await call(`read schema ${id}`, () => orNull(library.getSchema(id)))
      if (type !== null) return type as Type
      missingUntil.set(id, clock.monotonic() + missingMs)
      throw new UnknownSchemaError(id)
    }
  }
}

function createLibrary({ url, timeoutMs }: RegistryOptions): SchemaRegistry {
  const address = new URL(url)
  const { username, password } = address
  address.username = ''
  address.password = ''
  return new SchemaRegistry(
    {
      host: address.href.replace(/\/+$/, ''),
      clientId: 'hailstream',
      retry: { retries: 0 },
      middlewares: [
        () => ({ request: async (request) => request.enhance({ timeout: timeoutMs }) })
      ],
      ...(username === ''
        ? {}
        : {
            auth: {
              username: decodeURIComponent(username),
              password: decodeURIComponent(password)
            }
          })
    },
    { [SchemaType.AVRO]: compileOptions }
  )
}

type Call = <T>(what: string, request: () => Promise<T>) => Promise<T>

/** Tries a request again while the registry does not answer; all of them are idempotent. */
function createCaller({ logger, clock }: { logger: Logger; clock: Clock }): Call {
  return async (what, request) => {
    for (let attempt = 1, waitMs = retryWaitMs; ; attempt += 1, waitMs *= retryWaitFactor) {
      try {
        return await request()
      } catch (cause) {
        const error = toHailError(what, cause)
        if (!(error instanceof RetryError) || attempt >= tries) throw error
        logger.warn({ attempt, code: error.code, error }, 'schema registry does not answer')
        await clock.sleep(waitMs)
      }
    }
  }
}

/** Longest part of an answer of the registry that is quoted; Apicurio's can hold stack traces. */
const quotedCharactersMax = 400

function toHailError(what: string, cause: unknown): RetryError | FatalError {
  const status = statusOf(cause)
  const answer = cause instanceof Error ? cause.message.slice(0, quotedCharactersMax) : 'no error'
  const message = `could not ${what}: ${answer}`
  if (status === 401 || status === 403) return new FatalError('HAIL_CONFIG', message, { cause })
  const isRefusal = status === 409 || status === 422 || isCompatibilityMismatch(cause)
  if (isRefusal) return new FatalError('HAIL_SCHEMA_INCOMPATIBLE', message, { cause })
  // The library reports connection errors and timeouts as status 400.
  return new RetryError('HAIL_REGISTRY', message, { cause })
}

function statusOf(error: unknown): number | undefined {
  const { status } = (error ?? {}) as { status?: unknown }
  return typeof status === 'number' ? status : undefined
}

function isCompatibilityMismatch(error: unknown): boolean {
  // The package exports no error classes.
  return error instanceof Error && error.name === 'ConfluentSchemaRegistryCompatibilityError'
}

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer
  } catch (error) {
    if (statusOf(error) === 404) return null
    throw error
  }
}
