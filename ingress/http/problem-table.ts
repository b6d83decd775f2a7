/**
 * The table of problems: every `code` the API may answer, with its status, its title, when it comes
 * and what a client should do. The API description, the catalogue `docs/problems.md` and the entries
 * served under `/problems/{code}` come from it.
 *
 * @module
 */

/**
 * Whether to send the request again: `never` (it will fail again), `changed` (after mending it), or
 * `same` (as it is, with the same Idempotency-Key, after `Retry-After`).
 */
export type RetryRule = 'never' | 'changed' | 'same'

/** One row. */
export type ProblemEntry = {
  status: number
  title: string
  when: string
  todo: string
  retry: RetryRule
}

const row = (
  status: number,
  title: string,
  rest: Pick<ProblemEntry, 'when' | 'todo' | 'retry'>
): ProblemEntry => ({ status, title, ...rest })

/** The rows, in the order of their statuses. */
export const problemTable = {
  malformed_request: row(400, 'The request does not say where it ends', {
    when: 'Two lengths, one that is no number, or a length and chunks: proxies would disagree on where the next request begins. Or an upgrade with a body.',
    todo: 'Send one `Content-Length`; look for a proxy that changes requests.',
    retry: 'changed'
  }),
  malformed_json: row(400, 'The body is not valid JSON', {
    when: 'A body is missing, is not one JSON value, or is not UTF-8.',
    todo: 'Send one JSON value in UTF-8.',
    retry: 'changed'
  }),
  malformed_query: row(400, 'The query string is not valid', {
    when: 'A query parameter comes twice, a cursor is not one that a page gave, or the query is longer than 2,048 characters.',
    todo: 'Send each parameter once, and `nextCursor` of the page before as it was.',
    retry: 'changed'
  }),
  idempotency_key_required: row(400, 'An Idempotency-Key header is required', {
    when: 'A ride or a sign-up came without `Idempotency-Key`.',
    todo: 'Make a UUIDv7 once for this request and send it with every retry.',
    retry: 'changed'
  }),
  idempotency_key_invalid: row(400, 'The Idempotency-Key is not a usable UUIDv7', {
    when: 'The key is not a UUIDv7, or its time is more than an hour ahead.',
    todo: 'Send a UUIDv7, and set the clock of the device.',
    retry: 'changed'
  }),
  idempotency_key_expired: row(400, 'The Idempotency-Key is too old', {
    when: 'The key was made longer ago than requests are told apart (12 hours).',
    todo: 'Look up what became of the first request; if nothing, make a new key.',
    retry: 'changed'
  }),
  token_missing: row(401, 'A bearer token is required', {
    when: 'There is no `Authorization` header.',
    todo: 'Send `Authorization: Bearer <token>`.',
    retry: 'changed'
  }),
  token_invalid: row(401, 'The bearer token is not valid', {
    when: 'The token is malformed, its signature, issuer, audience or role is wrong, or its key is unknown.',
    todo: 'Get a new token; do not try this one again, bad tokens are counted.',
    retry: 'changed'
  }),
  token_expired: row(401, 'The bearer token has expired', {
    when: 'The time `exp` of the token has passed.',
    todo: 'Get a new token and send the request again.',
    retry: 'changed'
  }),
  role_forbidden: row(403, 'The role of this token may not do this', {
    when: 'The route is for other roles than the one of the token.',
    todo: 'Use a token of one of the roles that the route names.',
    retry: 'never'
  }),
  subject_forbidden: row(403, 'This belongs to somebody else', {
    when: 'The thing is of another subject. It is answered whether or not the thing exists.',
    todo: 'Ask for own things only.',
    retry: 'never'
  }),
  origin_forbidden: row(403, 'This origin may not call the API', {
    when: 'A browser asks, by a preflight, for an origin that is not on the list.',
    todo: 'Have the origin added to `CORS_ORIGINS`.',
    retry: 'never'
  }),
  route_not_found: row(404, 'There is no such route', {
    when: 'The path is not one of the API, or not of this process (`ROLES`).',
    todo: 'Look for the path in the API description.',
    retry: 'never'
  }),
  not_found: row(404, 'There is no such thing', {
    when: 'No thing has this id, or the text cannot be an id.',
    todo: 'Check the id. What was accepted a moment ago may take seconds to appear in profiles and bills.',
    retry: 'never'
  }),
  method_not_allowed: row(405, 'The route does not take this method', {
    when: 'The path is known, the method is not; `Allow` names those that are.',
    todo: 'Use a method of `Allow`.',
    retry: 'never'
  }),
  request_timeout: row(408, 'The body did not come in time', {
    when: 'The body stopped coming. Nothing of this request was kept.',
    todo: 'Send the same request again on a new connection.',
    retry: 'same'
  }),
  length_required: row(411, 'The length of the body must be declared', {
    when: 'The body is sent in chunks.',
    todo: 'Send `Content-Length`.',
    retry: 'changed'
  }),
  body_too_large: row(413, 'The body is too large', {
    when: 'The declared length is over the limit of the route.',
    todo: 'Send less at a time.',
    retry: 'changed'
  }),
  unsupported_media_type: row(415, 'The body must be application/json', {
    when: '`Content-Type` is missing or not `application/json`, or there is a `Content-Encoding`.',
    todo: 'Send plain `application/json` in UTF-8.',
    retry: 'changed'
  }),
  validation_failed: row(422, 'The request breaks the rules of this route', {
    when: 'A field or parameter is missing, unknown, of the wrong type or out of range; `errors` names each.',
    todo: 'Mend what `errors` names.',
    retry: 'changed'
  }),
  outside_service_area: row(422, 'The place is outside the service area', {
    when: 'A place lies in no market or on no map, or pickup and drop-off lie in two markets.',
    todo: 'Choose places of one market.',
    retry: 'changed'
  }),
  idempotency_key_reused: row(422, 'The Idempotency-Key was used with another body', {
    when: 'The same key came before with a body that differs.',
    todo: 'Make a new key for a new request; keep the body for a retry.',
    retry: 'changed'
  }),
  upgrade_required: row(426, 'This route speaks WebSocket', {
    when: 'The request to the stream does not ask for an upgrade to WebSocket.',
    todo: 'Connect with a WebSocket client.',
    retry: 'changed'
  }),
  rate_limited: row(429, 'Too many requests', {
    when: 'The subject, or the address, is over its limit; `RateLimit-*` tell where it stands.',
    todo: 'Wait for `Retry-After`, and send less.',
    retry: 'same'
  }),
  internal_error: row(500, 'The server failed', {
    when: 'A defect of the server. Whether the request was kept is not known.',
    todo: 'Send the same request again, a few times; then report `correlationId`.',
    retry: 'same'
  }),
  overloaded: row(503, 'The service is overloaded, try again', {
    when: 'Too much is waiting or in progress. Nothing of this request was kept.',
    todo: 'Wait for `Retry-After`, then send the same request.',
    retry: 'same'
  }),
  broker_unavailable: row(503, 'The event log is away, try again', {
    when: 'The event log does not answer. Nothing of this request was kept.',
    todo: 'Wait for `Retry-After`, then send the same request.',
    retry: 'same'
  }),
  unknown_outcome: row(503, 'The outcome is unknown, it is safe to try again', {
    when: 'No acknowledgement came in time: the request may have been kept, or not.',
    todo: 'Send the same request with the same key: kept twice it is one.',
    retry: 'same'
  }),
  auth_unavailable: row(503, 'Tokens cannot be checked now, try again', {
    when: 'The keys that verify tokens cannot be had.',
    todo: 'Wait for `Retry-After`, then send the same request.',
    retry: 'same'
  }),
  reads_unavailable: row(503, 'The data cannot be read now, try again', {
    when: 'The store behind this read does not answer in time. Writing goes on.',
    todo: 'Wait for `Retry-After`, then ask again.',
    retry: 'same'
  }),
  draining: row(503, 'The server is stopping, try again', {
    when: 'This process ends; another takes over.',
    todo: 'Connect anew and send the same request.',
    retry: 'same'
  })
} as const satisfies Record<string, ProblemEntry>

/** Every `code` a problem document may carry. */
export type ProblemCode = keyof typeof problemTable

/** All codes, in the order of the table. */
export const problemCodes = Object.keys(problemTable) as readonly ProblemCode[]

/** The stable `type` of a problem: a name, not an address; its entry is at `/problems/{code}`. */
export const problemType = (code: ProblemCode): string =>
  `urn:hailstream:problem:${code.replaceAll('_', '-')}`
