import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterEach, describe, expect, test } from 'vitest'
import { createFakeClock, silentLogger, systemClock } from '../../core/index.ts'
import { type Identity, Problem, type TokenRole } from '../http/index.ts'
import { createRemoteKeySource, createSecretKeySource } from './key-source.ts'
import { mintToken } from './token-mint.ts'
import { createTokenVerifier, tokenIssuer } from './token-verifier.ts'

const secret = 'a secret of thirty-two bytes or so'
const nowMs = 1_700_000_000_000

const setUp = (options: { cacheEntriesMax?: number; cacheAgeMsMax?: number } = {}) => {
  const clock = createFakeClock(nowMs, 1)
  const verifier = createTokenVerifier({
    keys: createSecretKeySource(secret),
    clock,
    cacheEntriesMax: 10,
    cacheAgeMsMax: 60_000,
    ...options
  })
  return { clock, verifier }
}

const mint = (over: Partial<Parameters<typeof mintToken>[0]> = {}) =>
  mintToken({ secret, subject: 'c-1', role: 'customer', nowMs, lifeMs: 30_000, ...over })

const codeOf = async (verify: () => Identity | Promise<Identity>): Promise<string> => {
  try {
    await verify()
    return 'accepted'
  } catch (error) {
    return error instanceof Problem ? error.code : String(error)
  }
}

describe('createTokenVerifier', () => {
  test.each(['customer', 'driver', 'admin', 'signup', 'partner'] satisfies TokenRole[])(
    'accepts a %s and answers at once the second time',
    async (role) => {
      const { verifier } = setUp()
      const header = `Bearer ${await mint({ role })}`
      expect(await verifier.authenticate(header)).toMatchObject({ subject: 'c-1', role })
      expect(verifier.authenticate(header)).toMatchObject({ subject: 'c-1', role })
    }
  )

  test('never believes a token beyond its expiry, remembered or not', async () => {
    const { clock, verifier } = setUp()
    const header = `Bearer ${await mint({ lifeMs: 10_000 })}`
    await verifier.authenticate(header)
    await clock.advance(9_999)
    expect(verifier.authenticate(header)).toMatchObject({ subject: 'c-1' })
    await clock.advance(1)
    expect(await codeOf(() => verifier.authenticate(header))).toBe('token_expired')
    const late = await mint({ nowMs: nowMs - 20_000, lifeMs: 27_000 })
    expect(await codeOf(() => verifier.authenticate(`Bearer ${late}`))).toBe('token_expired')
  })

  test('checks again once a remembered token is older than allowed', async () => {
    const { clock, verifier } = setUp({ cacheAgeMsMax: 1_000 })
    const header = `Bearer ${await mint()}`
    await verifier.authenticate(header)
    await clock.advance(1_000)
    expect(verifier.authenticate(header)).toBeInstanceOf(Promise)
  })

  test('remembers no more tokens than allowed, and no bad ones', async () => {
    const { verifier } = setUp({ cacheEntriesMax: 3 })
    for (let index = 0; index < 10; index += 1) {
      await verifier.authenticate(`Bearer ${await mint({ subject: `c-${index}` })}`)
      await codeOf(() => verifier.authenticate(`Bearer bad${index}`))
    }
    expect(verifier.size).toBe(3)
  })

  test.each([
    ['an unknown role', { role: 'root' }],
    ['no role', {}],
    ['an admin with the audience of apps', { role: 'admin' }],
    ['another issuer', { role: 'customer', iss: 'elsewhere' }],
    ['another audience', { role: 'customer', aud: 'elsewhere' }],
    ['a subject like a guest of a partner', { role: 'customer', sub: 'hotel-1.room-7' }],
    ['a subject like an account of a partner', { role: 'customer', sub: 'hotel-1.' }],
    ['a partner that is no name', { role: 'partner', sub: 'hotel-1.' }],
    ['a subject that is no id', { role: 'customer', sub: '../c-1' }],
    ['no subject', { role: 'customer', sub: undefined }],
    ['no expiry', { role: 'customer', exp: undefined }],
    ['a start in the future', { role: 'customer', nbf: nowMs / 1_000 + 60 }]
  ])('refuses %s', async (_, claims) => {
    const { verifier } = setUp()
    const payload = {
      sub: 'c-1',
      iss: tokenIssuer,
      aud: 'hailstream',
      exp: nowMs / 1_000 + 60,
      ...claims
    }
    const token = await new SignJWT(payload as never)
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(secret))
    expect(await codeOf(() => verifier.authenticate(`Bearer ${token}`))).toBe('token_invalid')
  })

  test('refuses another algorithm than the allowed one', async () => {
    const { verifier } = setUp()
    const token = await new SignJWT({ role: 'customer', sub: 'c-1' })
      .setProtectedHeader({ alg: 'HS512' })
      .setIssuer(tokenIssuer)
      .setAudience('hailstream')
      .setExpirationTime(nowMs / 1_000 + 60)
      .sign(new TextEncoder().encode(secret.repeat(2)))
    expect(await codeOf(() => verifier.authenticate(`Bearer ${token}`))).toBe('token_invalid')
  })
})

describe('createRemoteKeySource', () => {
  let server: Server | null = null
  afterEach(() => server?.close())

  const serve = async (body: () => string | null): Promise<string> => {
    const started = createServer((_, response) => {
      const text = body()
      response.writeHead(text === null ? 500 : 200, { 'content-type': 'application/json' })
      response.end(text ?? '')
    })
    server = started
    await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(started.address() as AddressInfo).port}/jwks`
  }

  test('verifies by the key set, goes on with the last good one, and refuses shared secrets', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }
    let isBroken = false
    const url = await serve(() => (isBroken ? null : JSON.stringify({ keys: [jwk] })))
    const clock = systemClock
    const keys = createRemoteKeySource(url, { clock, logger: silentLogger })
    await keys.start()
    isBroken = true
    const verifier = createTokenVerifier({ keys, clock, cacheEntriesMax: 5, cacheAgeMsMax: 0 })
    const claims = { role: 'driver', sub: 'd-1', iss: tokenIssuer, aud: 'hailstream' }
    const sign = (kid: string) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid })
        .setExpirationTime('1m')
        .sign(privateKey)
    const good = await verifier.authenticate(`Bearer ${await sign('one')}`)
    const shared = `Bearer ${await mint({ nowMs: clock.now() })}`
    const unknown = `Bearer ${await sign('two')}`
    keys.stop()
    expect(good).toMatchObject({ subject: 'd-1', role: 'driver' })
    expect(await codeOf(() => verifier.authenticate(shared))).toBe('token_invalid')
    expect(await codeOf(() => verifier.authenticate(unknown))).toBe('token_invalid')
  })

  test('does not start without a key set', async () => {
    const url = await serve(() => null)
    const keys = createRemoteKeySource(url, { clock: systemClock, logger: silentLogger })
    await expect(keys.start()).rejects.toThrow()
  })
})
