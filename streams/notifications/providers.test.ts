import { describe, expect, onTestFinished, test } from 'vitest'
import { createFakeClock, createSeededRandom, systemClock } from '../../core/index.ts'
import { aNotification } from './notification-builder.ts'
import { createHttpProvider, type Fetch } from './providers.ts'
import { createReceiver } from './receiver-server.ts'

async function aReceiver(options: { failShare?: number; rememberedMax?: number } = {}) {
  const receiver = createReceiver({ port: 0, random: createSeededRandom(7).next, ...options })
  const port = await receiver.listen()
  onTestFinished(() => receiver.close())
  return { receiver, url: `http://127.0.0.1:${port}` }
}

const answering =
  (status: number, headers: Record<string, string> = {}): Fetch =>
  async () =>
    new Response(null, { status, headers })

const providerOf = (fetch: Fetch, clock = createFakeClock(0)) =>
  createHttpProvider({ name: 'push', url: 'http://push.test', fetch, clock })

describe('a provider', () => {
  test('posts the notification with its id as idempotency key', async () => {
    const { receiver, url } = await aReceiver()
    const provider = createHttpProvider({ name: 'push', url, fetch, clock: systemClock })
    expect(await provider.deliver(aNotification())).toEqual({ kind: 'sent', provider: 'push' })
    expect(await provider.deliver(aNotification())).toEqual({ kind: 'sent', provider: 'push' })
    expect(receiver.counts()).toEqual({ accepted: 2, duplicates: 1, failed: 0, refused: 0 })
    const recent = await (await fetch(`${url}/recent`)).json()
    const { createdAt: _, expiresAt: __, ...sent } = aNotification()
    expect(recent).toEqual([sent])
  })

  test.each([
    [202, 'sent'],
    [409, 'sent'],
    [400, 'rejected'],
    [404, 'rejected'],
    [408, 'failed'],
    [429, 'failed'],
    [503, 'failed']
  ])('takes status %i for %s', async (status, kind) => {
    expect((await providerOf(answering(status)).deliver(aNotification())).kind).toBe(kind)
  })

  test('passes on how long to wait, when that is a number of seconds', async () => {
    const told = async (value: string) =>
      providerOf(answering(429, { 'retry-after': value })).deliver(aNotification())
    expect(await told('7')).toMatchObject({ kind: 'failed', retryAfterMs: 7000 })
    expect(await told('Wed, 21 Oct 2026 07:28:00 GMT')).toMatchObject({ retryAfterMs: null })
  })

  test('gives up after its time-out, by the clock', async () => {
    const clock = createFakeClock(0)
    const never: Fetch = (_, { signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const delivery = providerOf(never, clock).deliver(aNotification())
    await clock.advance(2000)
    expect(await delivery).toMatchObject({ kind: 'failed', error: 'timeout' })
    expect(clock.timerCount()).toBe(0)
  })

  test('names a network error without quoting it', async () => {
    const broken: Fetch = async () => {
      throw Object.assign(new TypeError('fetch failed for c-1'), { code: 'ECONNREFUSED' })
    }
    expect(await providerOf(broken).deliver(aNotification())).toMatchObject({
      kind: 'failed',
      error: 'TypeError ECONNREFUSED'
    })
  })

  test('is left alone after eight failures in a row, not after throttling', async () => {
    const clock = createFakeClock(0)
    let calls = 0
    let status = 429
    const counting: Fetch = async () => {
      calls += 1
      return new Response(null, { status })
    }
    const provider = providerOf(counting, clock)
    for (let n = 0; n < 20; n += 1) await provider.deliver(aNotification())
    expect(calls).toBe(20)
    status = 500
    for (let n = 0; n < 20; n += 1) await provider.deliver(aNotification())
    expect(calls).toBe(28)
    expect(await provider.deliver(aNotification())).toEqual({
      kind: 'unavailable',
      provider: 'push'
    })
    await clock.advance(10_000)
    status = 200
    expect((await provider.deliver(aNotification())).kind).toBe('sent')
  })
})

describe('the development receiver', () => {
  test('fails the share it is told to and forgets the oldest', async () => {
    const { receiver, url } = await aReceiver({ failShare: 1, rememberedMax: 2 })
    const post = (id: string) =>
      fetch(url, { method: 'POST', headers: { 'idempotency-key': id }, body: '{}' })
    expect((await post('a')).status).toBe(503)
    await fetch(`${url}/failures?share=0`, { method: 'PUT' })
    for (const id of ['a', 'b', 'c', 'a']) expect((await post(id)).status).toBe(202)
    expect(receiver.counts()).toEqual({ accepted: 4, duplicates: 0, failed: 1, refused: 0 })
    expect(await (await fetch(`${url}/counts`)).json()).toEqual(receiver.counts())
  })

  test('refuses what is no notification', async () => {
    const { receiver, url } = await aReceiver()
    expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(400)
    expect((await fetch(`${url}/failures?share=2`, { method: 'PUT' })).status).toBe(400)
    const headers = { 'idempotency-key': 'big' }
    const body = 'x'.repeat(70_000)
    expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(400)
    expect(receiver.counts().refused).toBe(2)
  })
})
