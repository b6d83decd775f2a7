/**
 * @module The number in clear exists at the edge alone, so whatever fails there must not tell it: not
 * to the log at its most verbose, not to the client, not to the metrics, not to Kafka.
 */
import { expect, test } from 'vitest'
import { createLocalCodec } from '../../avro/index.ts'
import { createLogger, createMetrics, RetryError, systemClock } from '../../core/index.ts'
import { createMarkets, createPolicy, defaultMarkets } from '../../domain/index.ts'
import { searchFor } from '../../test/support/canary.ts'
import { createSecretKeySource, mintToken } from '../auth/index.ts'
import { readIngressConfig } from '../config.ts'
import { createUuidV7 } from '../http/index.ts'
import { createIngress } from '../ingress.ts'
import { MemoryProducer } from '../testing/memory-producer.ts'
import { MemoryHistory, MemoryStores } from '../testing/memory-stores.ts'
import { MemoryTopics } from '../testing/memory-topics.ts'

const canary = '536-90-4399'
const search = searchFor(canary)

type Failure = 'none' | 'produce' | 'encode' | 'refused' | 'hang'

const startFailing = async (failure: Failure) => {
  const config = readIngressConfig({
    NODE_ENV: 'test',
    INGRESS_PORT: '0',
    INGRESS_HOST: '127.0.0.1',
    INGRESS_DEADLINE: '100ms',
    ACCESS_LOG_RATIO: '1'
  })
  const lines: string[] = []
  const metrics = createMetrics()
  const codec = createLocalCodec()
  const producer = new MemoryProducer()
  if (failure === 'produce') producer.mode = 'fail'
  if (failure === 'hang') producer.mode = 'hang'
  const ingress = createIngress({
    config,
    clock: systemClock,
    logger: createLogger({
      name: 'canary',
      level: 'debug',
      destination: { write: (line) => lines.push(line) }
    }),
    metrics,
    codec: {
      ...codec,
      // As libraries do: the message quotes what they were given.
      encode: (...given) => {
        if (failure === 'encode') throw new Error(`invalid: ${JSON.stringify(given)} ${canary}`)
        return codec.encode(...given)
      }
    },
    producer:
      failure === 'refused'
        ? {
            send: async (records) => {
              const cause = new Error(`could not send ${canary} ${String(records[0]?.value)}`)
              throw new RetryError('HAIL_KAFKA_UNAVAILABLE', 'no broker answers', { cause })
            }
          }
        : producer,
    keys: createSecretKeySource(config.shared.secrets.jwtSecret ?? ''),
    markets: createMarkets(defaultMarkets),
    policy: createPolicy({ timeScale: 1 }),
    live: new MemoryStores(),
    history: new MemoryHistory(),
    log: new MemoryTopics(systemClock, codec),
    shared: null
  })
  const port = await ingress.listen()
  return { config, ingress, lines, metrics, port, producer }
}

test.each<[Failure, number]>([
  ['none', 202],
  ['produce', 503],
  ['refused', 503],
  ['hang', 503],
  ['encode', 500]
])(
  'a sign-up with the failure %s is answered with %i and leaves no number behind',
  async (failure, status) => {
    const { config, ingress, lines, metrics, port, producer } = await startFailing(failure)
    const token = await mintToken({
      secret: config.shared.secrets.jwtSecret ?? '',
      subject: 'app-1',
      role: 'signup',
      nowMs: systemClock.now(),
      lifeMs: 60_000
    })
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/users/signup`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'idempotency-key': createUuidV7(systemClock),
        'x-correlation-id': canary
      },
      body: JSON.stringify({
        role: 'customer',
        firstName: 'Ada',
        lastName: 'Lovelace',
        email: 'ada@example.com',
        phone: '+12125550100',
        street: '1 Main St',
        city: 'New York',
        state: 'NY',
        zip: '10001',
        ssn: canary
      })
    })
    const answer = await response.text()
    if (failure === 'hang') producer.release()
    await ingress.drain()
    expect(response.status).toBe(status)
    expect(lines.length).toBeGreaterThan(0)
    const seen = [
      ...lines,
      answer,
      JSON.stringify([...response.headers]),
      await metrics.render(),
      ...producer.records.flatMap(({ key, value, headers }) => [
        String(key),
        String(value),
        JSON.stringify(headers)
      ])
    ]
    expect(seen.filter((text) => search.formsIn(Buffer.from(text, 'latin1')).length > 0)).toEqual(
      []
    )
  }
)
