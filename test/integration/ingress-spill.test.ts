/**
 * @module The ingress with a spill, killed while its records are on the disk: every 202 arrives.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type EdgeScene, openEdgeScene, type SceneLoad } from '../support/edge-scene.ts'
import { createFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'
import {
  type IngressChild,
  killIngressChildren,
  startIngressChild
} from '../support/ingress-child.ts'
import { isAccepted, isRefused } from '../support/ingress-load.ts'
import { endpointOf, throughProxies } from '../support/proxied.ts'
import { waitFor } from '../support/wait-for.ts'

/** Of all topics, in all files. */
const left = 'hail_ingress_spill_records'

let scene: EdgeScene
let broker: FaultProxy
let folder: string
const folders: string[] = []

beforeAll(async () => {
  scene = await openEdgeScene()
  broker = await createFaultProxy({ ...endpointOf(scene.addresses.kafka), protocol: 'kafka' })
})

beforeEach(async () => {
  broker.reset()
  folder = await mkdtemp(join(tmpdir(), 'ingress-spill-'))
  folders.push(folder)
})

afterAll(async () => {
  killIngressChildren()
  await broker?.close()
  await scene?.close()
  for (const one of folders) await rm(one, { recursive: true, force: true })
})

const start = (over: Record<string, string> = {}): Promise<IngressChild> =>
  startIngressChild({
    environment: { ...scene.environment, ROLES: 'write', INGRESS_SPILL_DIR: folder, ...over },
    redirects: throughProxies(scene.addresses, { kafka: broker })
  })

const emptied = (ingress: IngressChild): Promise<void> =>
  waitFor('the replay', async () => (await ingress.metric(left)) === 0)

const judged = async (load: SceneLoad) =>
  (await load.verdict({ mayBreakConnections: true })).anomalies

/** Each test starts one or two processes. */
describe('the ingress with a spill', { timeout: 150_000 }, () => {
  test('answers 202 while Kafka is gone, and has it all in Kafka once it is back', async () => {
    const ingress = await start()
    const scened = await scene.load(ingress.url)
    await scened.load.more('202s before', 40, isAccepted)
    broker.cut()
    await waitFor('records on the disk', async () => (await ingress.metric(left)) > 0)
    await scened.load.more('202s meanwhile', 100, isAccepted)
    expect((await ingress.readiness()).status).toBe(200)
    broker.heal()
    await scened.load.more('202s after', 40, isAccepted)
    await scened.load.stop()
    await emptied(ingress)
    expect(await judged(scened)).toEqual({})
    expect(await ingress.stop()).toBe(0)
  })

  test('is killed with records on the disk, and its successor brings them to Kafka', async () => {
    const first = await start()
    const scened = await scene.load(first.url)
    await scened.load.more('202s before', 20, isAccepted)
    broker.cut()
    await scened.load.more('202s of the disk', 100, isAccepted)
    expect(await first.metric(left)).toBeGreaterThan(50)
    await first.kill()
    await scened.load.stop()
    broker.heal()
    const second = await start()
    await emptied(second)
    expect(await judged(scened)).toEqual({})
    const files = await readdir(folder, { recursive: true })
    expect(files.filter((name) => name.endsWith('.seg'))).toEqual([])
    expect(await second.stop()).toBe(0)
  })

  test('refuses once the disk is full, and a second process cannot take the folder', async () => {
    const ingress = await start({ INGRESS_SPILL_BYTES: '1048576' })
    await expect(start()).rejects.toThrow(/HAIL_SPILL_LOCKED/)
    const scened = await scene.load(ingress.url, { tokenBytes: 4_000, topics: ['ride_requests'] })
    await scened.load.more('202s before', 20, isAccepted)
    broker.cut()
    await scened.load.more('503s of a full disk', 60, isRefused)
    // Between two attempts the breaker is half open, and the process ready to try.
    await waitFor('not ready', async () => (await ingress.readiness()).status === 503)
    broker.heal()
    await scened.load.more('202s after', 40, isAccepted)
    await scened.load.stop()
    await emptied(ingress)
    expect(await judged(scened)).toEqual({})
    expect(await ingress.stop()).toBe(0)
  })
})
