/**
 * The whole ingress on a free port with everything outside of it in memory: real HTTP, real tokens,
 * real encoding. Every answer is held against the API description.
 *
 * @module
 */
import { createLocalCodec, type RecordName, type Records, topics } from '../../avro/index.ts'
import { createMetrics, silentLogger, systemClock } from '../../core/index.ts'
import { createIds, createMarkets, createPolicy, defaultMarkets } from '../../domain/index.ts'
import { createSecretKeySource, mintToken } from '../auth/index.ts'
import { readIngressConfig } from '../config.ts'
import { createUuidV7, type TokenRole } from '../http/index.ts'
import { createIngress, type Ingress, type IngressDeps } from '../ingress.ts'
import { createAnswerChecker } from './answer-checker.ts'
import { MemoryProducer } from './memory-producer.ts'
import { createMemorySharedStore, type MemorySharedStore } from './memory-shared-store.ts'
import { MemoryHistory, MemoryStores } from './memory-stores.ts'
import { MemoryTopics } from './memory-topics.ts'

/** What a request of a test says; `as` mints the token. */
export type TestRequest = {
  as?: { role: TokenRole; subject: string }
  token?: string
  key?: string
  /** Sent as JSON; text and bytes are sent as they are. */
  body?: unknown
  headers?: Record<string, string>
}

/** An answer, read. */
export type TestReply = { status: number; headers: Headers; body: Record<string, unknown> }

/** A running ingress and its surroundings. */
export type TestIngress = {
  ingress: Ingress
  port: number
  url: string
  producer: MemoryProducer
  stores: MemoryStores
  /** What push follows. */
  log: MemoryTopics
  history: MemoryHistory
  /** What the ingress keeps in Redis; given to a second ingress, they share it. */
  shared: MemorySharedStore
  ids: ReturnType<typeof createIds>
  metrics: ReturnType<typeof createMetrics>
  secrets: ReturnType<typeof readIngressConfig>['shared']['secrets']
  token(role: TokenRole, subject: string): Promise<string>
  key(): string
  get(path: string, request?: TestRequest): Promise<TestReply>
  post(path: string, request?: TestRequest): Promise<TestReply>
  /** The decoded records of a topic, in order. */
  sent<R extends RecordName>(topic: string): { key: string; value: Records[R] }[]
}

const defaults = {
  NODE_ENV: 'test',
  INGRESS_PORT: '0',
  INGRESS_HOST: '127.0.0.1',
  INGRESS_LINGER: '1ms',
  LOG_LEVEL: 'silent'
}

const checkAnswer = createAnswerChecker()

/** What a test may bring of its own. */
export type TestParts = Partial<Pick<IngressDeps, 'clock' | 'keys' | 'logger'>> & {
  memory?: MemorySharedStore
}

/** Starts an ingress; drain it by `ingress.drain()`. */
export const startTestIngress = async (
  environment: Record<string, string> = {},
  { memory, ...parts }: TestParts = {}
): Promise<TestIngress> => {
  const clock = parts.clock ?? systemClock
  const shared = memory ?? createMemorySharedStore(clock)
  const config = readIngressConfig({ ...defaults, ...environment })
  const { secrets, timeScale } = config.shared
  const codec = createLocalCodec()
  const producer = new MemoryProducer()
  const stores = new MemoryStores()
  const log = new MemoryTopics(systemClock, codec)
  const history = new MemoryHistory()
  const metrics = createMetrics()
  const ingress = createIngress({
    config,
    clock: systemClock,
    logger: silentLogger,
    metrics,
    codec,
    producer,
    log,
    keys: createSecretKeySource(secrets.jwtSecret ?? ''),
    markets: createMarkets(defaultMarkets),
    policy: createPolicy({ timeScale }),
    live: stores,
    history,
    shared: shared.store,
    ...parts
  })
  const port = await ingress.listen()
  const url = `http://127.0.0.1:${port}/api/v1`
  const token = (role: TokenRole, subject: string): Promise<string> =>
    mintToken({
      secret: secrets.jwtSecret ?? '',
      subject,
      role,
      nowMs: clock.now(),
      lifeMs: 60_000
    })

  const call = async (method: string, path: string, request: TestRequest): Promise<TestReply> => {
    const bearer =
      request.as === undefined ? request.token : await token(request.as.role, request.as.subject)
    const isRaw = typeof request.body === 'string' || request.body instanceof Uint8Array
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        ...(request.key === undefined ? {} : { 'idempotency-key': request.key }),
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...request.headers
      },
      ...(request.body === undefined
        ? {}
        : { body: isRaw ? (request.body as string) : JSON.stringify(request.body) })
    })
    const text = await response.text()
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
    const { status } = response
    checkAnswer({ method, path, status, headers: response.headers, body })
    return { status, headers: response.headers, body }
  }

  return {
    ingress,
    port,
    url,
    producer,
    stores,
    log,
    history,
    shared,
    ids: createIds(secrets.idSecret),
    metrics,
    secrets,
    token,
    key: () => createUuidV7(clock),
    get: (path, request = {}) => call('GET', path, request),
    post: (path, request = {}) => call('POST', path, request),
    sent: <R extends RecordName>(topic: string) =>
      producer.records
        .filter((record) => record.topic === topic)
        .map(({ key, value }) => ({
          key: String(key),
          value: codec.decode(
            topics[topic as keyof typeof topics].record as R,
            value ?? Buffer.alloc(0)
          )
        }))
  }
}
