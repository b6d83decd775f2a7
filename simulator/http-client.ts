/**
 * One HTTP exchange over kept connections. Node's own client with one agent: a fleet holds hundreds
 * of long polls, and each costs one socket and nothing else.
 *
 * @module
 */
import { Agent, type IncomingHttpHeaders, request as openRequest } from 'node:http'
import type { Clock } from '../core/index.ts'

/** One exchange. */
export type HttpRequest = {
  readonly method: 'GET' | 'POST'
  /** Path and query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** JSON text. */
  readonly body: string | null
  /** Longest time until the whole answer is there, ms. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** An answer with its body as text. */
export type HttpReply = {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** A client of one server. */
export type HttpClient = {
  /** Rejects when no whole answer came: connection lost, time over, or `signal` aborted. */
  exchange(request: HttpRequest): Promise<HttpReply>
  /** Drops all connections. */
  close(): void
}

/** Idle connections are closed before the server's 10 s do it, so that none is used while closing. */
const idleMsMax = 4_000
/** Answers are JSON of a few KB; more is a mistake. */
const answerBytesMax = 4 * 1024 * 1024

/** @param baseUrl scheme, host and port */
export function createHttpClient(options: {
  readonly baseUrl: string
  readonly clock: Clock
}): HttpClient {
  const { hostname, port } = new URL(options.baseUrl)
  const agent = new Agent({
    keepAlive: true,
    scheduling: 'lifo',
    maxFreeSockets: 1_024,
    timeout: idleMsMax
  })
  return {
    exchange: (request) =>
      new Promise<HttpReply>((resolve, reject) => {
        const { method, path, body, timeoutMs, signal } = request
        if (signal?.aborted) return reject(signal.reason)
        const headers = { ...request.headers, ...bodyHeaders(body) }
        const open = openRequest({ agent, hostname, port, method, path, headers })
        const timer = options.clock.setTimer(
          () => open.destroy(new Error(`no answer within ${timeoutMs} ms`)),
          timeoutMs
        )
        const onAbort = (): void => void open.destroy(new Error('aborted'))
        signal?.addEventListener('abort', onAbort, { once: true })
        const finish = (): void => {
          timer.cancel()
          signal?.removeEventListener('abort', onAbort)
        }
        const fail = (error: Error): void => {
          finish()
          reject(error)
        }
        // Destroying an exchange may be reported twice, by the request and by its answer.
        open.on('error', fail)
        // Destroying an exchange may be reported twice, by the request and by its answer.
        open.once('response', (response) => {
          const chunks: Buffer[] = []
          let bytes = 0
          response.on('data', (chunk: Buffer) => {
            bytes += chunk.length
            if (bytes > answerBytesMax) open.destroy(new Error('the answer is too long'))
            else chunks.push(chunk)
          })
          response.on('error', fail)
          response.once('end', () => {
            finish()
            const text = Buffer.concat(chunks).toString('utf8')
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
          })
        })
        open.end(body ?? undefined)
      }),
    close: () => agent.destroy()
  }
}

function bodyHeaders(body: string | null): Record<string, string> {
  if (body === null) return {}
  return {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body))
  }
}
