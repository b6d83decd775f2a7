/**
 * @module A gateway to develop against: accepts notifications over HTTP, remembers the newest ones, and
 * counts how often the same idempotency key came again. It can be told to fail a share of requests.
 *
 * `POST /` or any path accepts; `GET /counts` tells; `GET /recent` lists; `PUT /failures?share=0.2`
 * sets the share. Memory: `rememberedMax` ids and bodies of at most 64 KB, so 64 MB at the very most.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ReceiverOptions {
  /** 0 takes a free port. */
  readonly port: number
  readonly host?: string
  /** Part of requests answered with 503, 0..1. */
  readonly failShare?: number
  /** Notifications remembered; the oldest is forgotten first; 1,000 when absent. */
  readonly rememberedMax?: number
  /** Uniform in [0, 1); decides which requests fail. */
  readonly random: () => number
}

export interface ReceiverCounts {
  /** Requests taken, repeats included. */
  readonly accepted: number
  /** Requests taken whose key had been taken before. */
  readonly duplicates: number
  /** Requests failed on purpose. */
  readonly failed: number
  /** Requests that were none. */
  readonly refused: number
}

export interface Receiver {
  /** Resolves with the port listened on. */
  listen(): Promise<number>
  counts(): ReceiverCounts
  close(): Promise<void>
}

const bodyBytesMax = 65_536

/** Creates a receiver; it does not listen yet. */
export function createReceiver(options: ReceiverOptions): Receiver {
  const counts = { accepted: 0, duplicates: 0, failed: 0, refused: 0 }
  const bodyByKey = new Map<string, string>()
  const rememberedMax = options.rememberedMax ?? 1_000
  let failShare = options.failShare ?? 0

  const accept = (key: string, body: string): void => {
    counts.accepted += 1
    if (bodyByKey.delete(key)) counts.duplicates += 1
    bodyByKey.set(key, body)
    const oldest = bodyByKey.size > rememberedMax ? bodyByKey.keys().next().value : undefined
    if (oldest !== undefined) bodyByKey.delete(oldest)
  }

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://receiver')
    const body = await readBody(request)
    if (request.method === 'GET' && url.pathname === '/counts') return answer(response, 200, counts)
    if (request.method === 'GET' && url.pathname === '/recent') {
      return answer(response, 200, [...bodyByKey.values()].map(parsed))
    }
    if (request.method === 'PUT' && url.pathname === '/failures') {
      const share = Number(url.searchParams.get('share'))
      if (!(share >= 0 && share <= 1)) return answer(response, 400, { expected: 'share of 0..1' })
      failShare = share
      return answer(response, 200, { failShare })
    }
    const key = request.headers['idempotency-key']
    if (request.method !== 'POST' || typeof key !== 'string' || body === null) {
      counts.refused += 1
      return answer(response, 400, { expected: 'POST with idempotency-key and at most 64 KB' })
    }
    if (options.random() < failShare) {
      counts.failed += 1
      return answer(response, 503, { error: 'failed on purpose' })
    }
    accept(key, body)
    return answer(response, 202, { id: key })
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  return {
    listen: () => listen(server, options),
    counts: () => ({ ...counts }),
    close: () => close(server)
  }
}

/** The body as text, or null when it is too long; it is read to its end all the same. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= bodyBytesMax) chunks.push(chunk)
  }
  return bytes > bodyBytesMax ? null : Buffer.concat(chunks).toString('utf8')
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    // Whatever was sent is shown; the receiver judges no content.
    return body
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function listen(server: Server, { port, host }: ReceiverOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host ?? '127.0.0.1', () => {
      server.removeListener('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()))
    server.closeAllConnections()
  })
}
