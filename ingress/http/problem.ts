/**
 * Problem documents (RFC 9457): one table of every `code` the API may answer, with its status and
 * title, and the error that carries one from where it is noticed to where it is written.
 *
 * @module
 */

const table = {
  malformed_request: [400, 'The request does not say where it ends'],
  malformed_json: [400, 'The body is not valid JSON'],
  malformed_query: [400, 'The query string is not valid'],
  idempotency_key_required: [400, 'An Idempotency-Key header is required'],
  idempotency_key_invalid: [400, 'The Idempotency-Key is not a usable UUIDv7'],
  idempotency_key_expired: [400, 'The Idempotency-Key is too old'],
  token_missing: [401, 'A bearer token is required'],
  token_invalid: [401, 'The bearer token is not valid'],
  token_expired: [401, 'The bearer token has expired'],
  role_forbidden: [403, 'The role of this token may not do this'],
  subject_forbidden: [403, 'This belongs to somebody else'],
  origin_forbidden: [403, 'This origin may not call the API'],
  route_not_found: [404, 'There is no such route'],
  not_found: [404, 'There is no such thing'],
  method_not_allowed: [405, 'The route does not take this method'],
  request_timeout: [408, 'The body did not come in time'],
  length_required: [411, 'The length of the body must be declared'],
  body_too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'The body must be application/json'],
  validation_failed: [422, 'The request breaks the rules of this route'],
  outside_service_area: [422, 'The place is outside the service area'],
  idempotency_key_reused: [422, 'The Idempotency-Key was used with another body'],
  rate_limited: [429, 'Too many requests'],
  internal_error: [500, 'The server failed'],
  overloaded: [503, 'The service is overloaded, try again'],
  broker_unavailable: [503, 'The event log is away, try again'],
  unknown_outcome: [503, 'The outcome is unknown, it is safe to try again'],
  auth_unavailable: [503, 'Tokens cannot be checked now, try again'],
  reads_unavailable: [503, 'The data cannot be read now, try again'],
  draining: [503, 'The server is stopping, try again']
} as const satisfies Record<string, readonly [number, string]>

/** Every `code` a problem document may carry. */
export type ProblemCode = keyof typeof table

/** One violated rule: `path` is a JSON pointer into the body, or the name of a query parameter. */
export type Violation = { path: string; message: string }

/** What else a problem carries. */
export type ProblemOptions = {
  detail?: string
  errors?: Violation[]
  headers?: Record<string, string>
  cause?: unknown
}

/** The table as data, for the API description. */
export const problemTable: Readonly<Record<ProblemCode, readonly [number, string]>> = table

/** An answer other than success; thrown anywhere below a route, written by the server. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly status: number
  readonly title: string
  readonly detail: string | undefined
  readonly errors: Violation[] | undefined
  readonly headers: Record<string, string> | undefined

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    const [status, title] = table[code]
    super(options.detail ?? title, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'Problem'
    this.code = code
    this.status = status
    this.title = title
    this.detail = options.detail
    this.errors = options.errors
    this.headers = options.headers
  }

  /** The document as JSON text; `instance` is the path of the request. */
  render({ instance, correlationId }: { instance: string; correlationId: string }): string {
    return JSON.stringify({
      type: `urn:hailstream:problem:${this.code.replaceAll('_', '-')}`,
      title: this.title,
      status: this.status,
      detail: this.detail ?? this.title,
      instance,
      code: this.code,
      correlationId,
      ...(this.errors === undefined ? {} : { errors: this.errors })
    })
  }
}

/** Seconds for `Retry-After`: 1 to `spreadSeconds`, spread so that clients do not come back at once. */
export const retryAfterSeconds = (random: () => number, spreadSeconds = 3): string =>
  String(1 + Math.floor(random() * spreadSeconds))
