/**
 * @module A small client of the public API for tests: JSON over fetch, tokens minted as the
 * development issuer does.
 */
import { randomBytes } from 'node:crypto'
import { SignJWT } from 'jose'
import { systemClock } from '../../core/index.ts'

export type TokenRole = 'customer' | 'driver' | 'admin' | 'signup'

export interface Reply {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the API answers
  readonly body: any
}

/** A token of the development issuer. */
export async function mintToken(role: TokenRole, sub: string, secret: string): Promise<string> {
  const nowSeconds = Math.floor(systemClock.now() / 1000)
  return new SignJWT({ role })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(sub)
    .setIssuer('hailstream')
    .setAudience(role === 'admin' ? 'hailstream-admin' : 'hailstream')
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + 3_600)
    .sign(Buffer.from(secret))
}

/** A UUIDv7 of now (RFC 9562, section 5.7). */
export function uuidv7(nowMs: number = systemClock.now()): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(nowMs, 0, 6)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20)
  ].join('-')
}

export class ApiClient {
  readonly #base: string
  readonly #token: string | null

  constructor(base: string, token: string | null) {
    this.#base = base
    this.#token = token
  }

  get(path: string): Promise<Reply> {
    return this.#send('GET', path)
  }

  post(
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>> = {}
  ): Promise<Reply> {
    return this.#send('POST', path, { body: JSON.stringify(body), headers })
  }

  /** Posts a command with a fresh idempotency key. */
  command(path: string, body: unknown): Promise<Reply> {
    return this.post(path, body, { 'idempotency-key': uuidv7() })
  }

  /** Posts bytes that need not be JSON. */
  postText(path: string, text: string): Promise<Reply> {
    return this.#send('POST', path, { body: text, headers: { 'idempotency-key': uuidv7() } })
  }

  async #send(
    method: string,
    path: string,
    init: { body?: string; headers?: Readonly<Record<string, string>> } = {}
  ): Promise<Reply> {
    const response = await fetch(`${this.#base}/api/v1${path}`, {
      method,
      headers: {
        ...(this.#token === null ? {} : { authorization: `Bearer ${this.#token}` }),
        ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...init.headers
      },
      ...(init.body === undefined ? {} : { body: init.body })
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? null : JSON.parse(text)
    }
  }
}
