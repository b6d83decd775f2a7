/**
 * @module One process of the ingress while its broker is stopped, killed, frozen and loses a topic. The
 * broker is a real one of this test's own.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { budgetBytes, type EdgeScene, edgeTopics, openEdgeScene } from '../support/edge-scene.ts'
import {
  type IngressChild,
  killIngressChildren,
  startIngressChild
} from '../support/ingress-child.ts'
import { type IngressLoad, isAccepted, isRefused } from '../support/ingress-load.ts'
import { type OwnBroker, startOwnBroker } from '../support/own-broker.ts'
import { waitFor } from '../support/wait-for.ts'

let broker: OwnBroker
let scene: EdgeScene
let ingress: IngressChild

/**
 * What the process may grow by beside its budget: sockets and requests of 64 clients, and what the
 * collector has not looked at yet.
 */
const growthBytesMax = 96 * 1_048_576

beforeAll(async () => {
  broker = await startOwnBroker()
  scene = await openEdgeScene(broker.address)
  ingress = await startIngressChild({ environment: { ...scene.environment, ROLES: 'write' } })
})

afterAll(async () => {
  if (ingress !== undefined) expect(await ingress.stop()).toBe(0)
  killIngressChildren()
  await scene?.close()
  await broker?.close()
})

const bytesInFlight = (): Promise<number> => ingress.metric('hail_ingress_inflight_bytes')

/** A broker takes its time to start on a machine that does other things too. */
describe('the ingress, while its broker', { timeout: 150_000 }, () => {
  test('is stopped and 64 clients offer more than the budget, stays within it and loses no 202', async () => {
    const { load, verdict } = await scene.load(ingress.url, {
      clients: 64,
      paceMs: 20,
      tokenBytes: 3_000
    })
    await load.more('202s before', 100, isAccepted)
    const before = await ingress.metric('process_resident_memory_bytes')
    await broker.end('SIGTERM')
    await load.more('503s', 500, isRefused)
    expect(await bytesInFlight()).toBeLessThanOrEqual(budgetBytes)
    const grown = (await ingress.metric('process_resident_memory_bytes')) - before
    expect(grown).toBeLessThan(budgetBytes + growthBytesMax)
    await broker.start()
    await load.more('202s after', 100, isAccepted)
    expect((await verdict()).anomalies).toEqual({})
  })

  test('is killed, loses no 202 and goes on by itself', async () => {
    const { load, verdict } = await scene.load(ingress.url)
    await load.more('202s before', 40, isAccepted)
    await broker.end('SIGKILL')
    await load.more('503s', 100, isRefused)
    expect(await bytesInFlight()).toBeLessThanOrEqual(budgetBytes)
    await broker.start()
    await load.more('202s after', 40, isAccepted)
    expect((await verdict()).anomalies).toEqual({})
  })

  test('is frozen, answers in time, loses no 202 and goes on by itself', async () => {
    const { load, verdict } = await scene.load(ingress.url)
    await load.more('202s before', 40, isAccepted)
    broker.freeze()
    await load.more('503s', 100, isRefused)
    expect(await bytesInFlight()).toBeLessThanOrEqual(budgetBytes)
    broker.thaw()
    await load.more('202s after', 40, isAccepted)
    expect((await verdict()).anomalies).toEqual({})
  })

  test('has lost a topic, refuses what goes there and nothing else', async () => {
    const admin = await scene.kafka.admin()
    const rides = await scene.load(ingress.url, { topics: ['ride_requests'], clients: 8 })
    const positions = await scene.load(ingress.url, {
      topics: ['driver_location_updates'],
      clients: 8
    })
    const both = [rides.load, positions.load]
    const more = (what: string, fits: Parameters<IngressLoad['count']>[0]) =>
      Promise.all(both.map((load) => load.more(what, 40, fits)))
    await more('202s before', isAccepted)
    await admin.deleteTopics(['driver_location_updates'])
    await Promise.all([
      positions.load.more('503s', 60, isRefused),
      rides.load.more('202s meanwhile', 60, isAccepted)
    ])
    await waitFor('the process to say why it is not ready', async () => {
      const { status, detail } = await ingress.readiness()
      return status === 503 && detail === 'broken lanes: driver_location_updates'
    })
    await admin.ensureTopics(edgeTopics())
    await admin.close()
    await more('202s after', isAccepted)
    await positions.load.stop()
    expect((await rides.verdict()).anomalies).toEqual({})
  })
})
