/**
 * Cross-origin rules: an explicit list of origins, no wildcard, no credentials. Requests of other
 * origins are served without the headers, so a browser keeps their answers from the page.
 *
 * @module
 */

/** How long a browser may keep a preflight answer, seconds. */
const preflightSeconds = '600'

/** The headers for an `Origin`; undefined where nothing is to be added. */
export type Cors = {
  replyHeaders(origin: string | undefined): Record<string, string> | undefined
  preflightHeaders(origin: string | undefined): Record<string, string> | undefined
}

/** Cross-origin rules of a list of exact origins, such as `https://app.example.com`. */
export const createCors = (origins: readonly string[]): Cors => {
  const allowed = new Set(origins)
  const isAllowed = (origin: string | undefined): origin is string =>
    origin !== undefined && allowed.has(origin)
  return {
    replyHeaders: (origin) =>
      isAllowed(origin)
        ? {
            'access-control-allow-origin': origin,
            'access-control-expose-headers':
              'age, etag, location, retry-after, x-degraded, x-correlation-id, ratelimit-limit, ratelimit-policy, ratelimit-remaining, ratelimit-reset',
            vary: 'origin'
          }
        : undefined,
    preflightHeaders: (origin) =>
      isAllowed(origin)
        ? {
            'access-control-allow-origin': origin,
            'access-control-allow-methods': 'GET, POST',
            'access-control-allow-headers':
              'authorization, content-type, idempotency-key, if-none-match, traceparent, tracestate, x-correlation-id',
            'access-control-max-age': preflightSeconds,
            vary: 'origin'
          }
        : undefined
  }
}
