/**
 * A route as data: what it takes, who may call it, what it answers and the function that does it.
 * The server registers routes from this, the validators and the API description come from it too.
 *
 * @module
 */
import type { Static, TSchema } from 'typebox'
import type { ProblemCode } from './problem-table.ts'

/** The role claim of a token. */
export type TokenRole = 'customer' | 'driver' | 'admin' | 'signup' | 'partner'

/** Who calls: the subject and role of a verified token. */
export type Identity = { subject: string; role: TokenRole }

/** Names a caller where something is counted for each: a subject means another one in another role. */
export const callerKey = ({ role, subject }: Identity): string => `${role}:${subject}`

/** An identity and when its token ends, epoch ms: what outlives a request has to end with it. */
export type VerifiedIdentity = Identity & { expiresAtMs: number }

/** Which bucket of the per-subject limits a route takes from. */
export type LimitClass = 'write' | 'location' | 'read' | 'signup'

/** What a handler gets; everything in it was checked before. */
export type Exchange<Body = unknown, Query = unknown> = {
  identity: Identity
  params: Readonly<Record<string, string>>
  body: Body
  query: Query
  /** Null where the route does not require one and the client sent none. */
  idempotencyKey: string | null
  correlationId: string
  traceparent: string
  /** Of the client, to be passed on; null where there is none. */
  tracestate: string | null
  /** The tags that the client has of this address. */
  ifNoneMatch?: string | undefined
  /** Wall clock at which the request came in, epoch ms. */
  receivedAt: number
  /** Whether the client has gone away. */
  isAborted: () => boolean
}

/**
 * What a handler answers; `body` is written as JSON. `text` is written as it is, and its
 * `content-type` is among the headers.
 */
export type Reply = {
  status: number
  body?: unknown
  text?: string
  headers?: Record<string, string>
}

/** Headers that not every route answers with. */
export type ReplyHeader = 'location' | 'etag' | 'retry-after'

/** One documented answer. */
export type ResponseDoc = {
  description: string
  schema?: TSchema
  /** Must fit the schema; a test compares it with what the route answers to its example. */
  example?: unknown
  headers?: readonly ReplyHeader[]
}

/** A request that the API description shows and a test sends. */
export type RequestExample = {
  params?: Readonly<Record<string, string>>
  query?: Readonly<Record<string, string | number>>
  body?: unknown
}

/** What every route that writes a record may answer when the record is not kept for sure. */
export const writeProblems = [
  'overloaded',
  'broker_unavailable',
  'unknown_outcome'
] as const satisfies readonly ProblemCode[]

/** A route; `Services` is what its handler needs from the process. */
export type Route<Services> = {
  method: 'GET' | 'POST'
  /** Path below the base, with `:name` parameters. */
  path: string
  summary: string
  tag: string
  roles: readonly TokenRole[]
  limit: LimitClass
  idempotency: 'required' | 'optional' | 'none'
  body?: TSchema
  /** Whether a request without any body counts as `{}`. */
  bodyOptional?: boolean
  query?: TSchema
  /** Bytes of body; the server's default where absent. */
  bodyBytesMax?: number
  responses: Readonly<Record<number, ResponseDoc>>
  /** What the handler may answer beyond the problems that follow from the rest of the definition. */
  problems?: readonly ProblemCode[]
  example?: RequestExample
  handler: (exchange: Exchange, services: Services) => Promise<Reply> | Reply
}

type Spec<Services, Body extends TSchema, Query extends TSchema> = Omit<
  Route<Services>,
  'body' | 'query' | 'handler'
> & {
  body?: Body
  query?: Query
  handler: (
    exchange: Exchange<Static<Body>, Static<Query>>,
    services: Services
  ) => Promise<Reply> | Reply
}

/** Ties the handler's types to the schemas of the route. */
export const routeDefiner =
  <Services>() =>
  <Body extends TSchema, Query extends TSchema>(
    spec: Spec<Services, Body, Query>
  ): Route<Services> =>
    spec as Route<Services>

/** The base of every path. */
export const basePath = '/api/v1'
