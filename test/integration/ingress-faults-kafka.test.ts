/**
 * @module One process of the ingress lives through every fault of the way to Kafka, one after the
 * other and without a restart; after each, every 202 is held against the topics.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { budgetBytes, type EdgeScene, openEdgeScene } from '../support/edge-scene.ts'
import { createFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'
import {
  type IngressChild,
  killIngressChildren,
  startIngressChild
} from '../support/ingress-child.ts'
import { isAccepted, isRefused } from '../support/ingress-load.ts'
import { endpointOf, throughProxies } from '../support/proxied.ts'

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

/** A fault while rides and positions come in, until `during` holds; then healed, then the verdict. */
const liveThrough = async (fault: {
  readonly begin: () => void
  readonly during?: (load: Awaited<ReturnType<EdgeScene['load']>>['load']) => Promise<void>
  readonly isClean?: boolean
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
  return verdict(fault.isClean ?? false)
}

describe('the ingress, while Kafka', () => {
  test('is gone, says 503 and keeps every 202', async () => {
    const { anomalies } = await liveThrough({ begin: () => broker.cut() })
    expect(anomalies).toEqual({})
    expect(broker.broken).toBeGreaterThan(0)
  })

  test('hangs, says 503 within the deadline and keeps every 202', async () => {
    const { anomalies } = await liveThrough({ begin: () => broker.stall() })
    expect(anomalies).toEqual({})
  })

  test('is slow, answers 202 to all and writes nothing else', async () => {
    const { anomalies, accepted, written } = await liveThrough({
      begin: () => broker.delay(50),
      during: (load) => load.more('slow 202s', 60, isAccepted),
      isClean: true
    })
    expect(anomalies).toEqual({})
    expect(written).toBe(accepted)
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
})
