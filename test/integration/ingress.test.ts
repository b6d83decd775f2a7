/** @module The ingress as a process, against real Kafka, registry, Redis and MongoDB. */

import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Codec,
  createRegistryClient,
  loadCodec,
  registerSchemas,
  topicDefinitions,
  topics
} from '../../avro/index.ts'
import { silentLogger, systemClock } from '../../core/index.ts'
import {
  createKafka,
  type Kafka,
  type KafkaRecord,
  partitionForKey
} from '../../core/kafka/index.ts'
import { mintToken } from '../../ingress/auth/index.ts'
import { createUuidV7 } from '../../ingress/http/index.ts'
import { stackForTests } from '../../ops/stack/for-tests.ts'
import { killIngressChildren, startIngressChild } from '../support/ingress-child.ts'

const { build } = createRequire(import.meta.url)('uWebSockets.js') as { build: string }
const hasHeaderLimit = build === '@btc-vision/uwebsockets.js'
const secret = 'hailstream-development-jwt-secret-001'
const trip = { pickup: { lat: 40.758, lon: -73.9855 }, dropoff: { lat: 40.7359, lon: -73.9911 } }

let kafka: Kafka
let codec: Codec
let environment: Record<string, string>

beforeAll(async () => {
  const { addresses } = await stackForTests()
  const clock = systemClock
  kafka = createKafka({
    brokers: addresses.kafka.split(','),
    clientId: `ingress-test-${randomUUID().slice(0, 8)}`,
    logger: silentLogger,
    clock
  })
  const admin = await kafka.admin()
  await admin.ensureTopics(topicDefinitions({ replicationFactor: 1, changelogs: [] }))
  const registry = createRegistryClient({
    url: addresses.registry,
    timeoutMs: 5_000,
    logger: silentLogger
  })
  await registerSchemas(registry, { changelogs: [] })
  codec = await loadCodec({ registry })
  environment = {
    KAFKA_BROKERS: addresses.kafka,
    SCHEMA_REGISTRY_URL: addresses.registry,
    REDIS_URL: addresses.redis,
    MONGO_URL: `${addresses.mongo.replace(/\/$/, '')}/ingress_test_${randomUUID().slice(0, 8)}`,
    LIMIT_WRITES: '0'
  }
})

afterAll(async () => {
  killIngressChildren()
  await kafka?.close()
})

/** Starts the process and waits until it listens. */
const startIngress = (over: Record<string, string> = {}) =>
  startIngressChild({ environment: { ...environment, ...over } })

const tokenOf = (subject: string): Promise<string> =>
  mintToken({ secret, subject, role: 'customer', nowMs: systemClock.now(), lifeMs: 600_000 })

const requestRide = (url: string, token: string): Promise<Response> =>
  fetch(`${url}/rides`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'idempotency-key': createUuidV7(systemClock)
    },
    body: JSON.stringify(trip)
  })

/** Where the topic ends now. */
const endOf = async (topic: string): Promise<Map<number, bigint>> => {
  const ends = await (await kafka.admin()).endOffsets(topic)
  return new Map([...ends].map(([partition, { high }]) => [partition, high]))
}

/** Everything written to the topic since `from`. */
const readSince = async (topic: string, from: Map<number, bigint>): Promise<KafkaRecord[]> => {
  const fetcher = await kafka.fetcher()
  const end = await endOf(topic)
  const records: KafkaRecord[] = []
  const next = new Map(from)
  const isBehind = () => [...end].some(([partition, high]) => (next.get(partition) ?? 0n) < high)
  while (isBehind()) {
    const requests = [...next].map(([partition, offset]) => ({ topic, partition, offset }))
    const fetched = await fetcher.fetch(requests, {
      maxWaitMs: 100,
      maxBytesPerPartition: 1 << 20,
      maxBytes: 8 << 20,
      isolation: 'committed'
    })
    for (const { partition, records: found, offsetNext } of fetched) {
      records.push(...found)
      next.set(partition, offsetNext)
    }
  }
  await fetcher.close()
  return records
}

const rideIdsOf = (records: readonly KafkaRecord[]): Set<string> =>
  new Set(records.map(({ value }) => codec.decode('RideRequest', value ?? Buffer.alloc(0)).rideId))

describe('the ingress', () => {
  test('keeps every ride it answered with 202, where consumers look for it', async () => {
    const { url, stop } = await startIngress()
    const from = await endOf('ride_requests')
    const customers = Array.from({ length: 20 }, () => `c-${randomUUID().slice(0, 8)}`)
    const tokens = await Promise.all(customers.map(tokenOf))
    const replies = await Promise.all(
      Array.from({ length: 400 }, (_, index) => requestRide(url, tokens[index % 20] ?? ''))
    )
    const bodies = (await Promise.all(replies.map((reply) => reply.json()))) as { rideId: string }[]
    const records = (await readSince('ride_requests', from)).filter(({ key }) =>
      customers.includes(String(key))
    )
    expect(await stop()).toBe(0)
    expect(replies.every(({ status }) => status === 202)).toBe(true)
    expect(rideIdsOf(records)).toEqual(new Set(bodies.map(({ rideId }) => rideId)))
    for (const { key, partition, headers, timestampMs } of records) {
      expect(partition).toBe(partitionForKey(String(key), topics.ride_requests.partitions))
      expect(headers['content-type']).toBe('application/avro')
      expect(headers['ce_time']).toBe(new Date(timestampMs).toISOString())
    }
  })

  test('loses no 202 when it is stopped under load, and ends well', async () => {
    const { url, stop } = await startIngress()
    const from = await endOf('ride_requests')
    const token = await tokenOf(`c-${randomUUID().slice(0, 8)}`)
    const accepted = new Set<string>()
    let isOver = false
    const hammer = async (): Promise<void> => {
      while (!isOver) {
        try {
          const reply = await requestRide(url, token)
          const body = (await reply.json()) as { rideId: string }
          if (reply.status === 202) accepted.add(body.rideId)
        } catch {
          // A refused connection is no 202: the client knows and tries elsewhere.
          isOver = true
        }
      }
    }
    const hammers = Array.from({ length: 16 }, hammer)
    while (accepted.size < 200) await systemClock.sleep(5)
    const code = await stop()
    isOver = true
    await Promise.all(hammers)
    const kept = rideIdsOf(await readSince('ride_requests', from))
    expect(code).toBe(0)
    expect([...accepted].filter((rideId) => !kept.has(rideId))).toEqual([])
  })

  // The older build of the web server has 4 KiB for headers that span packets, whatever is set.
  const sizes = hasHeaderLimit ? [3_000, 6_144, 14_000] : [3_000]
  test.each(sizes)('takes headers of %i bytes that come in two packets', async (bytes) => {
    const { port, stop } = await startIngress()
    const token = await tokenOf('c-1')
    const socket = connect(port, '127.0.0.1')
    socket.setNoDelay(true)
    await once(socket, 'connect')
    const head = `GET /api/v1/rides/${'0'.repeat(32)} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\nx-padding: `
    const request = `${head.padEnd(bytes, 'p')}\r\n\r\n`
    socket.write(request.slice(0, bytes / 2))
    await systemClock.sleep(50)
    socket.write(request.slice(bytes / 2))
    const answer = await Promise.race([once(socket, 'data'), once(socket, 'close')])
    socket.destroy()
    expect(await stop()).toBe(0)
    expect(String(answer[0])).toMatch(/^HTTP\/1.1 403 /)
  })

  test('reads through Redis and MongoDB', async () => {
    const { url, stop } = await startIngress()
    const token = await tokenOf(`c-${randomUUID().slice(0, 8)}`)
    const headers = { authorization: `Bearer ${token}` }
    const { rideId } = (await (await requestRide(url, token)).json()) as { rideId: string }
    const read = async (path: string) => (await fetch(url + path, { headers })).json()
    expect(await read(`/rides/${rideId}`)).toMatchObject({ rideId })
    expect(await read('/bills')).toEqual({ bills: [], nextCursor: null })
    const admin = await mintToken({
      secret,
      subject: 'a-1',
      role: 'admin',
      nowMs: systemClock.now(),
      lifeMs: 60_000
    })
    const statistics = await fetch(`${url}/admin/statistics`, {
      headers: { authorization: `Bearer ${admin}` }
    })
    expect(statistics.status).toBe(200)
    expect(await statistics.json()).toMatchObject({ asOf: null, rides: { requested: 0 } })
    expect(await stop()).toBe(0)
  })

  test('writes on while Redis and MongoDB are away, and says so to readers', async () => {
    const { url, stop } = await startIngress({
      REDIS_URL: 'redis://127.0.0.1:1/0',
      MONGO_URL: 'mongodb://127.0.0.1:1/none'
    })
    const token = await tokenOf('c-1')
    const write = await requestRide(url, token)
    const read = await fetch(`${url}/bills`, { headers: { authorization: `Bearer ${token}` } })
    expect([write.status, read.status]).toEqual([202, 503])
    expect(await stop()).toBe(0)
  })

  test('does not start without its topics', async () => {
    await expect(startIngress({ KAFKA_BROKERS: '127.0.0.1:1' })).rejects.toThrow(/ended with 70/)
  })
})
