import { Agent, get } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { createFakeClock } from './clock/index.ts'
import { RetryError } from './errors.ts'
import { createMetrics } from './metrics.ts'
import { type Check, createOpsServer, type OpsServer } from './ops-server.ts'

const open: OpsServer[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})

async function serve(
  checks: Record<string, Check>,
  extra: Partial<Parameters<typeof createOpsServer>[0]> = {}
): Promise<string> {
  const metrics = createMetrics()
  metrics.counter({ name: 'hail_a_total', help: 'A.' }).inc()
  const server = createOpsServer({ port: 0, host: '127.0.0.1', metrics, checks, ...extra })
  open.push(server)
  return `http://127.0.0.1:${await server.listen()}`
}

describe('the ops server', () => {
  test('is alive whatever its dependencies do', async () => {
    const url = await serve({ kafka: () => ({ ok: false }) })
    const response = await fetch(`${url}/health`)
    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }])
  })

  test('is ready when all checks are, and says which are not', async () => {
    let isUp = true
    const url = await serve({
      kafka: () => ({ ok: true, detail: '3 brokers' }),
      redis: async () => {
        if (isUp) return { ok: true }
        throw new RetryError('HAIL_REDIS_UNAVAILABLE', 'no answer')
      }
    })
    expect((await fetch(`${url}/ready`)).status).toBe(200)
    isUp = false
    const response = await fetch(`${url}/ready?verbose=1`)
    expect([response.status, await response.json()]).toEqual([
      503,
      {
        status: 'not ready',
        checks: {
          kafka: { ok: true, detail: '3 brokers' },
          redis: { ok: false, detail: 'HAIL_REDIS_UNAVAILABLE: no answer' }
        }
      }
    ])
  })

  test('counts a check without an answer as failed', async () => {
    const clock = createFakeClock(0)
    let isAsked: () => void
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve
    })
    const hanging: Check = () => {
      isAsked()
      return new Promise(() => undefined)
    }
    const url = await serve({ mongo: hanging }, { clock, checkTimeoutMs: 500 })
    const response = fetch(`${url}/ready`)
    await asked
    await clock.advance(500)
    expect(await (await response).json()).toMatchObject({
      checks: { mongo: { ok: false, detail: 'no answer within 500 ms' } }
    })
  })

  test('serves metrics and a status with bigints as text', async () => {
    const url = await serve({}, { name: 'streams', status: () => ({ offset: 9n }) })
    const metrics = await fetch(`${url}/metrics`)
    expect(metrics.headers.get('content-type')).toContain('text/plain')
    expect(await metrics.text()).toContain('hail_a_total 1')
    expect(await (await fetch(`${url}/status`)).json()).toMatchObject({
      name: 'streams',
      uptimeSeconds: 0,
      status: { offset: '9' }
    })
  })

  test('answers problems to unknown paths, other methods and a status that throws', async () => {
    const status = () => {
      throw new Error('payload')
    }
    const url = await serve({}, { status })
    const unknown = await fetch(`${url}/nope`)
    expect(unknown.headers.get('content-type')).toBe('application/problem+json')
    expect(await unknown.json()).toMatchObject({ status: 404, title: 'Not Found' })
    expect((await fetch(`${url}/constructor`)).status).toBe(404)
    expect((await fetch(`${url}/health`, { method: 'POST' })).status).toBe(405)
    const failed = await fetch(`${url}/status`)
    expect([failed.status, (await failed.text()).includes('payload')]).toEqual([500, false])
  })

  test('answers the routes of the process, and what they throw by its reaction', async () => {
    const url = await serve(
      {},
      {
        routes: [
          {
            prefix: '/echo',
            handle: ({ path, query }) => {
              if (path === '/echo/busy') throw new RetryError('HAIL_TIMEOUT', 'not yet')
              if (path === '/echo/broken') throw new Error('payload')
              if (path === '/echo/none') return { status: 404, title: 'Not Found', detail: 'none' }
              return { status: 200, body: { path, a: query.get('a'), big: 1n } }
            }
          }
        ]
      }
    )
    const get = async (path: string) => {
      const response = await fetch(`${url}${path}`)
      return [response.status, response.headers.get('content-type'), await response.json()]
    }
    const body = { path: '/echo/%7Bx', a: '1 2', big: '1' }
    expect(await get('/echo/%7Bx?a=1%202')).toEqual([200, 'application/json', body])
    const problem = 'application/problem+json'
    expect(await get('/echo/busy')).toMatchObject([
      503,
      problem,
      { detail: expect.stringContaining('not yet') }
    ])
    expect((await get('/echo/broken'))[0]).toBe(500)
    expect(await get('/echo/none')).toMatchObject([404, problem, { detail: 'none' }])
    expect(await get('/echoes')).toMatchObject([
      404,
      problem,
      { detail: expect.stringContaining('/status, /echo.') }
    ])
  })

  test('ends keep-alive connections when it closes', async () => {
    const metrics = createMetrics()
    const server = createOpsServer({ port: 0, host: '127.0.0.1', metrics, checks: {} })
    const port = await server.listen()
    const agent = new Agent({ keepAlive: true })
    await new Promise<void>((resolve, reject) => {
      get({ port, path: '/health', agent }, (response) => {
        response.resume().on('end', resolve)
      }).on('error', reject)
    })
    await server.close()
    agent.destroy()
    await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow()
  })

  test('says so when its port is taken', async () => {
    const url = await serve({})
    const port = Number(new URL(url).port)
    const second = createOpsServer({
      port,
      host: '127.0.0.1',
      metrics: createMetrics(),
      checks: {}
    })
    await expect(second.listen()).rejects.toThrow('EADDRINUSE')
  })
})
