/**
 * @module The ingress without the servers it can do without, and with a Kafka that is merely slow: none
 * of it may cost a rider a request, or leave one in doubt.
 */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readSharedConfig, systemClock } from '../../core/index.ts'
import { ApiClient, mintToken } from '../support/api-client.ts'
import { type EdgeScene, openEdgeScene, slackMs } from '../support/edge-scene.ts'
import { createFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'
import {
  type IngressChild,
  killIngressChildren,
  startIngressChild
} from '../support/ingress-child.ts'
import { isAccepted } from '../support/ingress-load.ts'
import { endpointOf, throughProxies } from '../support/proxied.ts'
import { waitFor } from '../support/wait-for.ts'

type Server = 'kafka' | 'registry' | 'redis' | 'mongo'

const trip = { pickup: { lat: 40.758, lon: -73.9855 }, dropoff: { lat: 40.7359, lon: -73.9911 } }

const readDeadlineMs = 500
/** A write waits for a price, a linger and a slow broker, on a machine that does other things too. */
const latencyMsMax = 5_000

let scene: EdgeScene
let proxies: Record<Server, FaultProxy>
let ingress: IngressChild
let rider: ApiClient
let driver: ApiClient
const riderId = `c-${randomUUID().slice(0, 8)}`
const driverId = `d-${randomUUID().slice(0, 8)}`

beforeAll(async () => {
  scene = await openEdgeScene()
  const { addresses, environment } = scene
  proxies = {
    kafka: await createFaultProxy(endpointOf(addresses.kafka)),
    registry: await createFaultProxy(endpointOf(addresses.registry)),
    redis: await createFaultProxy(endpointOf(addresses.redis)),
    mongo: await createFaultProxy(endpointOf(addresses.mongo))
  }
  ingress = await startIngressChild({
    environment: {
      ...environment,
      READ_DEADLINE: `${readDeadlineMs}ms`,
      // Nothing here is about this deadline, and no busy machine may bring it into play.
      INGRESS_DEADLINE: '10s'
    },
    redirects: throughProxies(addresses, proxies)
  })
  const { jwtSecret } = readSharedConfig({ NODE_ENV: 'test' }, { secrets: ['jwtSecret'] }).secrets
  const base = ingress.url.replace('/api/v1', '')
  rider = new ApiClient(base, await mintToken('customer', riderId, jwtSecret ?? ''))
  driver = new ApiClient(base, await mintToken('driver', driverId, jwtSecret ?? ''))
})

afterAll(async () => {
  if (ingress !== undefined) expect(await ingress.stop()).toBe(0)
  killIngressChildren()
  for (const proxy of Object.values(proxies ?? {})) await proxy.close()
  await scene?.close()
})

/** A read in time, whatever it says. */
const read = async (client: ApiClient, path: string) => {
  const fromMs = systemClock.monotonic()
  const reply = await client.get(path)
  expect(systemClock.monotonic() - fromMs).toBeLessThan(readDeadlineMs + slackMs)
  return reply
}

/** Rides and positions while the server is away; `meanwhile` looks at what it is needed for. */
const liveWithout = async (
  server: Server,
  fault: (proxy: FaultProxy) => void,
  meanwhile?: () => Promise<void>
): Promise<void> => {
  const { load, verdict } = await scene.load(ingress.url, { clients: 8 })
  await load.more('202s before', 20, isAccepted)
  fault(proxies[server])
  await load.more('202s meanwhile', 60, isAccepted)
  await meanwhile?.()
  const { status } = await ingress.readiness()
  proxies[server].heal()
  await load.more('202s after', 20, isAccepted)
  const { anomalies, accepted, written } = await verdict({ isClean: true, latencyMsMax })
  expect(anomalies).toEqual({})
  expect(accepted).toBe(written)
  expect(load.count((answer) => !isAccepted(answer))).toBe(0)
  expect(status).toBe(200)
}

describe('the ingress', () => {
  test('encodes on while the registry is gone', async () => {
    await liveWithout('registry', (proxy) => proxy.cut())
  })

  test('answers 202 to all while Kafka takes ten lingers to reply, and writes nothing else', async () => {
    await liveWithout('kafka', (proxy) => proxy.delay(30))
  })

  test('does not start without registry or Kafka, and names the variable', async () => {
    const startWithout = (variable: string, value: string) =>
      startIngressChild({ environment: { ...scene.environment, [variable]: value } })
    const starts = await Promise.allSettled([
      startWithout('SCHEMA_REGISTRY_URL', 'http://127.0.0.1:1'),
      startWithout('KAFKA_BROKERS', '127.0.0.1:1')
    ])
    const [registry, kafka] = starts.map((start) => String('reason' in start && start.reason))
    expect(registry).toMatch(
      /ended with 70[\s\S]*the registry of SCHEMA_REGISTRY_URL \(127\.0\.0\.1:1\) does not answer/
    )
    expect(kafka).toMatch(
      /ended with 70[\s\S]*a broker of KAFKA_BROKERS \(127\.0\.0\.1:1\) does not answer/
    )
  })
})

describe('the ingress, while Redis', () => {
  test.each(['cut', 'stall'] as const)(
    'is away (%s), prices without surge, writes on and says 503 to live reads',
    async (fault) => {
      await liveWithout(
        'redis',
        (proxy) => proxy[fault](),
        async () => {
          const quote = await rider.post('/quotes', trip)
          expect([quote.status, quote.body.surgePercent]).toEqual([200, 100])
          const ride = await rider.command('/rides', trip)
          expect(ride.status).toBe(202)
          const live = await read(rider, `/rides/${ride.body.rideId}`)
          expect([live.status, live.body.code]).toEqual([503, 'reads_unavailable'])
          expect(Number(live.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
          const assignment = await read(driver, `/drivers/${driverId}/assignment`)
          expect(assignment.status).toBe(503)
        }
      )
      const isBack = async () =>
        (await driver.get(`/drivers/${driverId}/assignment`)).status !== 503
      await waitFor('live reads', isBack)
    }
  )
})

/** Sizes of pages nobody asked for yet: what was read is remembered, and answered. */
const unread = { cut: 7, stall: 8 } as const

describe('the ingress, while MongoDB', () => {
  test.each(['cut', 'stall'] as const)(
    'is away (%s), writes on and says 503 to reads of history alone',
    async (fault) => {
      await liveWithout(
        'mongo',
        (proxy) => proxy[fault](),
        async () => {
          const bills = await read(rider, `/bills?limit=${unread[fault]}`)
          expect([bills.status, bills.body.code]).toEqual([503, 'reads_unavailable'])
          const assignment = await read(driver, `/drivers/${driverId}/assignment`)
          expect(assignment.status).not.toBe(503)
        }
      )
      await waitFor('reads of history', async () => (await rider.get('/bills')).status === 200)
    }
  )
})
