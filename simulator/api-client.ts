/**
 * The public API as a phone uses it: JSON, a bearer token, and patience. An attempt without a final
 * answer (connection lost, 429, 5xx) is repeated with the same `Idempotency-Key`, after
 * `Retry-After` or a growing wait, until the caller's patience ends.
 *
 * @module
 */
import type { Clock } from '../core/index.ts'
import type { HttpClient, HttpReply } from './http-client.ts'

/** One call. */
export type ApiRequest = {
  readonly method: 'GET' | 'POST'
  /** Below `/api/v1`, with the query. */
  readonly path: string
  readonly token: string
  readonly body?: unknown
  readonly idempotencyKey?: string
  /** Longest time for one attempt, ms. Default 10,000. */
  readonly timeoutMs?: number
  /** How long attempts are repeated, ms; 0 is one attempt. Default 30,000. */
  readonly patienceMs?: number
  readonly signal?: AbortSignal | undefined
}

/** A final answer: any status that repeating would not change. */
export type ApiReply = { readonly status: number; readonly body: Readonly<Record<string, unknown>> }

/** What was sent so far. */
export type ApiCounts = {
  /** Answers of any status. */
  readonly answered: number
  /** Attempts without an answer. */
  readonly unanswered: number
  /** Attempts that repeated an earlier one. */
  readonly repeated: number
  readonly byStatus: Readonly<Record<string, number>>
}

/** See the module. */
export type ApiClient = {
  /** Rejects with {@link ApiSilentError} when patience ends, or with the reason of the signal. */
  call(request: ApiRequest): Promise<ApiReply>
  counts(): ApiCounts
}

/** No final answer within the caller's patience: the outcome is unknown. */
export class ApiSilentError extends Error {
  override readonly name = 'ApiSilentError'
}

const basePath = '/api/v1'
const timeoutMsDefault = 10_000
const patienceMsDefault = 30_000
const backoffMs = 100
const backoffMsMax = 2_000
/** A server may ask for a longer wait than a simulation has. */
const retryAfterMsMax = 5_000

/** A client that counts what it does. */
export function createApiClient(options: {
  readonly http: HttpClient
  readonly clock: Clock
}): ApiClient {
  const { http, clock } = options
  const byStatus: Record<string, number> = {}
  let answered = 0
  let unanswered = 0
  let repeated = 0

  const attempt = async (request: ApiRequest): Promise<HttpReply | Error> => {
    try {
      const reply = await http.exchange({
        method: request.method,
        path: basePath + request.path,
        headers: headersOf(request),
        body: request.body === undefined ? null : JSON.stringify(request.body),
        timeoutMs: request.timeoutMs ?? timeoutMsDefault,
        signal: request.signal
      })
      answered += 1
      byStatus[reply.status] = (byStatus[reply.status] ?? 0) + 1
      return reply
    } catch (error) {
      request.signal?.throwIfAborted()
      unanswered += 1
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  return {
    call: async (request) => {
      const untilMs = clock.monotonic() + (request.patienceMs ?? patienceMsDefault)
      for (let attempts = 1; ; attempts += 1) {
        const reply = await attempt(request)
        if (!(reply instanceof Error) && isFinal(reply.status)) return parse(reply)
        const waitMs = waitBefore(reply, attempts, clock)
        if (clock.monotonic() + waitMs > untilMs) throw silence(request, reply)
        repeated += 1
        await clock.sleep(waitMs, request.signal)
      }
    },
    counts: () => ({ answered, unanswered, repeated, byStatus: { ...byStatus } })
  }
}

function headersOf({ token, idempotencyKey }: ApiRequest): Record<string, string> {
  const authorization = `Bearer ${token}`
  return idempotencyKey === undefined
    ? { authorization }
    : { authorization, 'idempotency-key': idempotencyKey }
}

function isFinal(status: number): boolean {
  return status !== 429 && status < 500
}

function waitBefore(reply: HttpReply | Error, attempts: number, clock: Clock): number {
  const seconds = reply instanceof Error ? Number.NaN : Number(reply.headers['retry-after'])
  if (seconds >= 0) return Math.min(seconds * 1_000, retryAfterMsMax)
  // Half of the wait is chance, so that a fleet cut off at once does not come back at once.
  const fullMs = Math.min(backoffMs * 2 ** (attempts - 1), backoffMsMax)
  return Math.round(fullMs * (0.5 + clock.random() / 2))
}

function silence({ method, path }: ApiRequest, last: HttpReply | Error): ApiSilentError {
  const got = last instanceof Error ? last.message : `status ${last.status}`
  return new ApiSilentError(`expected a final answer to ${method} ${path}, got ${got}`)
}

function parse({ status, text }: HttpReply): ApiReply {
  if (text === '') return { status, body: {} }
  try {
    const body: unknown = JSON.parse(text)
    return { status, body: typeof body === 'object' && body !== null ? { ...body } : {} }
  } catch {
    // A proxy's page: the status says enough.
    return { status, body: {} }
  }
}
