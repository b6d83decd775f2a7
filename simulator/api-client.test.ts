import { describe, expect, test } from 'vitest'
import { createFakeClock, type FakeClock } from '../core/index.ts'
import { ApiSilentError, createApiClient } from './api-client.ts'
import type { HttpReply, HttpRequest } from './http-client.ts'

type Answer = Partial<HttpReply> | Error
const call = {
  method: 'POST',
  path: '/rides',
  token: 't',
  body: { a: 1 },
  idempotencyKey: 'k'
} as const

/** A server that gives these answers in turn, then the last one for ever. */
function scripted(answers: readonly Answer[], clock: FakeClock) {
  const sent: { atMs: number; request: HttpRequest }[] = []
  const http = {
    exchange: async (request: HttpRequest): Promise<HttpReply> => {
      const answer = answers[Math.min(sent.length, answers.length - 1)]
      sent.push({ atMs: clock.monotonic(), request })
      if (answer instanceof Error) throw answer
      return { status: 200, headers: {}, text: '', ...answer }
    },
    close: () => {}
  }
  return { sent, api: createApiClient({ http, clock }) }
}

describe('a call', () => {
  test('is repeated with the same key after no answer, 503 and 429, until it is decided', async () => {
    const clock = createFakeClock(0)
    const { sent, api } = scripted(
      [
        new Error('connection lost'),
        { status: 503, headers: { 'retry-after': '2' } },
        { status: 429, headers: {} },
        { status: 202, text: '{"rideId":"r"}' }
      ],
      clock
    )
    const replied = api.call(call)
    await clock.advance(10_000)
    expect(await replied).toEqual({ status: 202, body: { rideId: 'r' } })
    expect(sent.map(({ request }) => request.headers['idempotency-key'])).toEqual([
      'k',
      'k',
      'k',
      'k'
    ])
    expect(new Set(sent.map(({ request }) => request.body)).size).toBe(1)
    expect((sent[2]?.atMs ?? 0) - (sent[1]?.atMs ?? 0)).toBe(2_000)
    expect(api.counts()).toEqual({
      answered: 3,
      unanswered: 1,
      repeated: 3,
      byStatus: { 202: 1, 429: 1, 503: 1 }
    })
  })

  test('takes a refusal as final', async () => {
    const clock = createFakeClock(0)
    const { sent, api } = scripted(
      [{ status: 422, text: '{"code":"outside_service_area"}' }],
      clock
    )
    expect(await api.call(call)).toEqual({ status: 422, body: { code: 'outside_service_area' } })
    expect(sent).toHaveLength(1)
  })

  test('ends with the patience of the caller', async () => {
    const clock = createFakeClock(0)
    const { api } = scripted([{ status: 503 }], clock)
    const replied = expect(api.call({ ...call, patienceMs: 3_000 })).rejects.toThrow(ApiSilentError)
    await clock.advance(3_000)
    await replied
  })

  test('ends with the signal, even while it waits to be repeated', async () => {
    const clock = createFakeClock(0)
    const stop = new AbortController()
    const { api } = scripted([{ status: 503, headers: { 'retry-after': '5' } }], clock)
    const replied = expect(api.call({ ...call, signal: stop.signal })).rejects.toThrow('over')
    await clock.advance(1_000)
    stop.abort(new Error('over'))
    await replied
    expect(clock.timerCount()).toBe(0)
  })

  test('takes a page that is no JSON as an empty answer', async () => {
    const { api } = scripted([{ status: 404, text: '<html>' }], createFakeClock(0))
    expect(await api.call(call)).toEqual({ status: 404, body: {} })
  })
})
