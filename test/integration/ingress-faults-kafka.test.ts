/**
 * @module One process of the ingress lives through every fault of the way to Kafka, one after the
 * other and without a restart; after each, every 202 is held against the topics.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../core/index.ts'
import { uuidv7 } from '../support/api-client.ts'
import { budgetBytes, type EdgeScene, openEdgeScene } from '../support/edge-scene.ts'
import { createFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'
import {
  type IngressChild,
  killIngressChildren,
  startIngressChild
} from '../support/ingress-child.ts'
import { isAccepted, isRefused } from '../support/ingress-load.ts'
import { endpointOf, throughProxies } from '../support/proxied.ts'
import { waitFor } from '../support/wait-for.ts'

let scene: EdgeScene
let broker: FaultProxy
let ingress: IngressChild

beforeAll(async () => {
  scene = await openEdgeScene()
  const { kafka } = scene.addresses
  broker = await createFaultProxy({ ...endpointOf(kafka), protocol: 'kafka' })
  ingress = await startIngressChild({
    environment: scene.environment,
    redirects: throughProxies(scene.addresses, { kafka: broker })
  })
})

afterAll(async () => {
  expect(await ingress?.stop()).toBe(0)
  killIngressChildren()
  await broker?.close()
  await scene?.close()
})

/** Failed requests are logged at most 20 times a second; the connection and each topic say a little. */
const linesPerSecondMax = 30

const linesOf = (child: IngressChild): number => child.output().split('\n').length

/** A fault while rides and positions come in, until `during` holds; then healed, then the verdict. */
const liveThrough = async (fault: {
  readonly begin: () => void
  readonly during?: (load: Awaited<ReturnType<EdgeScene['load']>>['load']) => Promise<void>
}) => {
  broker.reset()
  const { load, verdict } = await scene.load(ingress.url)
  await load.more('202s before', 40, isAccepted)
  fault.begin()
  await (fault.during?.(load) ?? load.more('503s', 60, isRefused))
  const bytes = await ingress.metric('hail_ingress_inflight_bytes')
  expect(bytes).toBeLessThanOrEqual(budgetBytes)
  broker.heal()
  await load.more('202s after', 40, isAccepted)
  return verdict()
}

describe('the ingress, while Kafka', () => {
  test('is gone, says 503, keeps every 202, and tells operators in a few lines', async () => {
    const linesBefore = linesOf(ingress)
    const fromMs = systemClock.monotonic()
    const { anomalies } = await liveThrough({
      begin: () => broker.cut(),
      during: async (load) => {
        await load.more('503s', 300, isRefused)
        await waitFor('the process to say why it is not ready', async () => {
          const { status, detail } = await ingress.readiness()
          return status === 503 && /broken lanes: .*ride_requests/.test(detail)
        })
      }
    })
    expect(anomalies).toEqual({})
    expect(broker.broken).toBeGreaterThan(0)
    const seconds = (systemClock.monotonic() - fromMs) / 1_000
    expect(linesOf(ingress) - linesBefore).toBeLessThan(linesPerSecondMax * (seconds + 1))
  })

  test('hangs, says 503 within the deadline and keeps every 202', async () => {
    const { anomalies } = await liveThrough({ begin: () => broker.stall() })
    expect(anomalies).toEqual({})
  })

  test('is slower than the deadline, says 503 and keeps every 202', async () => {
    const { anomalies } = await liveThrough({ begin: () => broker.delay(1_000) })
    expect(anomalies).toEqual({})
  })

  test.each(['requests', 'replies'] as const)(
    'is cut off one way (%s vanish), says 503, keeps every 202, and leaves the dead connection',
    async (direction) => {
      const { anomalies } = await liveThrough({ begin: () => broker.swallow(direction) })
      expect(anomalies).toEqual({})
      expect(broker.swallowed).toBeGreaterThan(0)
    }
  )

  test('loses a connection after it has written, keeps every 202', async () => {
    const produce = 0
    const { anomalies } = await liveThrough({
      begin: () => broker.loseReply([produce]),
      during: (load) => load.more('202s meanwhile', 60, isAccepted)
    })
    expect(anomalies).toEqual({})
    expect(broker.lost).toBe(1)
  })

  test('keeps its answer to itself, a retry with the same key is the same ride', async () => {
    broker.reset()
    const rides = await scene.rides(ingress.url)
    const key = uuidv7()
    broker.swallow('replies')
    const first = await rides.request(key)
    expect([first.status, first.body.code]).toEqual([503, 'unknown_outcome'])
    broker.heal()
    await waitFor('the retry to be accepted', async () => {
      const { status, body } = await rides.request(key)
      return status === 202 && body.rideId === rides.idOf(key)
    })
    const written = await rides.writtenIds()
    expect(new Set(written)).toEqual(new Set([rides.idOf(key)]))
    // The first request had been written although nobody could tell.
    expect(written.length).toBeGreaterThan(1)
  })
})
