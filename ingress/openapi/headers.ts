/**
 * Headers of requests and answers in the API description.
 *
 * @module
 */
import { example } from '../http/index.ts'
import type { JsonSchema } from './json-schema.ts'

const string = (description: string, value: string): JsonSchema => ({
  description,
  schema: { type: 'string' },
  example: value
})
const count = (description: string, value: number): JsonSchema => ({
  description,
  schema: { type: 'integer', minimum: 0 },
  example: value
})

/** Headers of answers, by component name. */
export const answerHeaders: Readonly<Record<string, JsonSchema>> = {
  CorrelationId: string('What to quote when asking for help', example.correlationId),
  Location: string('Where the outcome will appear', `/api/v1/rides/${example.rideId}`),
  ETag: string('Version of the answer, for If-None-Match', '"8f0a1c2d3e4f5061"'),
  RetryAfter: count('Seconds to wait before sending the request again', 2),
  RateLimitLimit: count('Requests a second of this subject and kind of route', 10),
  RateLimitPolicy: string('The limit and the seconds it may be saved up for', '10;w=3'),
  RateLimitRemaining: count('Requests left now', 9),
  RateLimitReset: count('Seconds until all of them are there again', 1),
  WwwAuthenticate: string('How to authenticate (RFC 6750)', 'Bearer error="invalid_token"')
}

const parameter = (name: string, rest: JsonSchema): JsonSchema => ({ name, in: 'header', ...rest })

const idempotencyKey = {
  schema: { type: 'string', format: 'uuid' },
  example: example.idempotencyKey
}

/** Headers of requests, by component name. */
export const requestHeaders: Readonly<Record<string, JsonSchema>> = {
  IdempotencyKey: parameter('Idempotency-Key', {
    required: true,
    description: 'A UUIDv7 made once for this request and sent again with every retry',
    ...idempotencyKey
  }),
  OptionalIdempotencyKey: parameter('Idempotency-Key', {
    description: 'A UUIDv7; without one each request is a new action',
    ...idempotencyKey
  }),
  CorrelationId: parameter('X-Correlation-Id', {
    description: 'Name of the request in logs and records, 8 to 64 of A-Z a-z 0-9 . _ -',
    schema: { type: 'string', pattern: '^[A-Za-z0-9._-]{8,64}$' },
    example: example.correlationId
  }),
  Traceparent: parameter('traceparent', {
    description: 'W3C trace context; its trace goes on into every record',
    schema: { type: 'string' },
    example: example.traceparent
  }),
  IfNoneMatch: parameter('If-None-Match', {
    description: 'ETag of an earlier answer: 304 without a body when it is still the same',
    schema: { type: 'string' },
    example: '"8f0a1c2d3e4f5061"'
  }),
  Tracestate: parameter('tracestate', {
    description: 'W3C trace context; carried along, not changed',
    schema: { type: 'string', maxLength: 512 },
    example: 'vendor=t61rcWkgMzE'
  })
}
