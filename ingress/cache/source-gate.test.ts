import { describe, expect, test } from 'vitest'
import { createFakeClock, createMetrics, RetryError } from '../../core/index.ts'
import { createSourceGate, isOutage, nullOnOutage } from './source-gate.ts'

const aGate = (readsMax = 2) => {
  const clock = createFakeClock(0)
  const metrics = createMetrics()
  const gate = createSourceGate({ source: 'mongo', clock, metrics, readsMax, deadlineMs: 100 })
  return { clock, metrics, gate }
}
const outage = () => Promise.reject(new RetryError('HAIL_MONGO_UNAVAILABLE', 'away'))
const never = () => new Promise<never>(() => undefined)
const outcomeOf = (reading: Promise<unknown>) =>
  reading.then(
    (value) => value,
    (error: { code?: string }) => error.code
  )

describe('the gate of a source', () => {
  test('refuses reads beyond its bound at once, with 503 and a time to come back', async () => {
    const { clock, gate, metrics } = aGate(2)
    const running = [1, 2].map(() => gate.run(() => clock.sleep(50)))
    await expect(gate.run(() => Promise.resolve())).rejects.toMatchObject({
      code: 'overloaded',
      status: 503,
      headers: { 'retry-after': expect.stringMatching(/^[1-3]$/) }
    })
    expect(await metrics.render()).toContain(
      'hail_ingress_reads_refused_total{source="mongo",reason="full"} 1'
    )
    await clock.advance(50)
    await Promise.all(running)
    expect(await gate.run(() => Promise.resolve('again'))).toBe('again')
    expect(gate.inFlight).toBe(0)
  })

  test('lets nobody wait beyond the deadline; the read keeps its place until it ends', async () => {
    const { clock, gate } = aGate(1)
    const late = outcomeOf(gate.run(() => clock.sleep(500)))
    await clock.advance(100)
    expect(await late).toBe('HAIL_TIMEOUT')
    expect(gate.inFlight).toBe(1)
    expect(await outcomeOf(gate.run(() => Promise.resolve('x')))).toBe('overloaded')
    await clock.advance(400)
    expect(await gate.run(() => Promise.resolve('x'))).toBe('x')
  })

  test('asks a source that is away once a second, and is open once that one is answered', async () => {
    const { clock, gate } = aGate()
    let asked = 0
    const ask = (read: () => Promise<unknown>) =>
      outcomeOf(
        gate.run(() => {
          asked += 1
          return read()
        })
      )
    for (let n = 0; n < 3; n += 1) await ask(outage)
    expect(await ask(outage)).toBe('HAIL_MONGO_UNAVAILABLE')
    expect(asked).toBe(4)
    for (let n = 0; n < 100; n += 1) expect(await ask(outage)).toBe('HAIL_MONGO_UNAVAILABLE')
    expect(asked).toBe(4)
    await clock.advance(1_000)
    expect(await ask(() => Promise.resolve('back'))).toBe('back')
    expect(await ask(() => Promise.resolve('open'))).toBe('open')
  })

  test('asks again within a second although earlier reads hang', async () => {
    const { clock, gate } = aGate(100)
    for (let n = 0; n < 5; n += 1) void outcomeOf(gate.run(never))
    await clock.advance(1_100)
    expect(await gate.run(() => Promise.resolve('probe'))).toBe('probe')
  })

  test('takes an error of the reader for no outage', async () => {
    const { gate } = aGate()
    for (let n = 0; n < 10; n += 1) {
      await expect(gate.run(() => Promise.reject(new TypeError('x')))).rejects.toThrow('x')
    }
    expect(await gate.run(() => Promise.resolve('open'))).toBe('open')
    expect(isOutage(new TypeError('x'))).toBe(false)
    expect(() => nullOnOutage(new TypeError('x'))).toThrow('x')
  })
})
