import { describe, expect, test } from 'vitest'
import { createFakeClock } from '../clock/index.ts'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { errorOfCode, loadKafkajs, type RawBroker, type RawCluster } from './library.ts'
import { isRetriable } from './library-errors.ts'
import { RecordSender } from './record-sender.ts'
import { SendRounds } from './send-rounds.ts'
import { Sequences } from './sequences.ts'
import type { OutRecord } from './types.ts'

loadKafkajs()

type Written = { readonly partition: number; readonly bytes: string }
/** Error code by partition, 0 when left out; or what the connection throws. */
type Answer = { readonly codes?: Record<number, number>; readonly error?: Error }

/** Two brokers of a library's cluster: topic `t` with partitions 0 to 3, even ones led by node 0. */
class FakeCluster implements RawCluster {
  readonly targetTopics = new Set<string>()
  readonly leaderByPartition = [0, 1, 0, 1]
  readonly sent: { node: number; written: Written[] }[] = []
  readonly answers: Answer[] = []
  refreshes = 0
  versions: RawBroker['versions'] = { 0: { minVersion: 3, maxVersion: 13 } }

  async connect(): Promise<void> {}
  async disconnect(): Promise<void> {}
  isConnected(): boolean {
    return true
  }
  async addMultipleTargetTopics(topics: readonly string[]): Promise<void> {
    for (const topic of topics) this.targetTopics.add(topic)
  }
  async refreshMetadata(): Promise<void> {
    this.refreshes += 1
  }
  async refreshMetadataIfNecessary(): Promise<void> {}
  getNodeIds(): string[] {
    return ['0', '1']
  }
  findTopicPartitionMetadata(topic: string): { partitionId: number; leader: number }[] {
    if (topic !== 't') return []
    return this.leaderByPartition.map((leader, partitionId) => ({ partitionId, leader }))
  }
  async findBroker({ nodeId }: { nodeId: number | string }): Promise<RawBroker> {
    const node = Number(nodeId)
    const connectionPool = {
      send: async ({ request, response }: { request: unknown; response: never }) => {
        const { apiVersion, encode } = request as {
          apiVersion: number
          encode(): Promise<{ buffer: Buffer }>
        }
        expect(apiVersion).toBe(12)
        const { decode, parse } = response as {
          decode(body: Buffer): Promise<unknown>
          parse(decoded: unknown): Promise<unknown>
        }
        const written = partitionsOf((await encode()).buffer)
        this.sent.push({ node, written })
        const { codes = {}, error } = this.answers.shift() ?? {}
        if (error !== undefined) throw error
        return parse(await decode(answerOf(written, codes)))
      }
    }
    return { nodeId, connectionPool, versions: this.versions } as unknown as RawBroker
  }
  findGroupCoordinator(): Promise<RawBroker> {
    throw new Error('a sender has no group')
  }
  noticeCoordinatorError(): void {}
}

function partitionsOf(body: Buffer): Written[] {
  const reader = new ByteReader(body)
  // The header's tags.
  reader.skipTags()
  expect(reader.compactText()).toBe('id')
  reader.int16()
  reader.int32()
  return reader
    .compactArray(() => {
      reader.compactText()
      const written = reader.compactArray(() => {
        const partition = reader.int32()
        const start = reader.at + 1
        reader.at = start + reader.uvarint() - 1
        const bytes = body.toString('hex', start, reader.at)
        reader.skipTags()
        return { partition, bytes }
      })
      reader.skipTags()
      return written
    })
    .flat()
}

function answerOf(written: readonly Written[], codes: Record<number, number>): Buffer {
  const writer = new ByteWriter(0)
  writer.noTags()
  writer.compactArray(['t'], (topic) => {
    writer.compactText(topic)
    writer.compactArray(written, ({ partition }) => {
      const code = codes[partition] ?? 0
      writer.int32(partition)
      writer.int16(code)
      writer.int64(code === 0 ? BigInt(partition) * 100n : -1n)
      writer.int64(-1n)
      writer.int64(0n)
      // One record at fault, with and without a text.
      writer.compactArray(code === 0 ? [] : [0], (index) => {
        writer.int32(index)
        writer.compactNullableText(null)
        writer.noTags()
      })
      writer.compactNullableText(code === 0 ? null : 'refused')
      writer.noTags()
    })
    writer.noTags()
  })
  writer.int32(0)
  writer.noTags()
  return Buffer.from(writer.written())
}

function setUp(partitions: readonly number[], topic = 't') {
  const cluster = new FakeCluster()
  const clock = createFakeClock(0)
  const policy = {
    triesMax: 3,
    firstDelayMs: 10,
    multiplier: 2,
    delayMsMax: 100,
    forMsMax: 1_000,
    isWorthwhile: isRetriable
  }
  const version = () => 12 as const
  const parts = { cluster, clock, policy, ackTimeoutMs: 1_000, transactionalId: 'id', version }
  const records = partitions.map((partition): OutRecord => {
    return { topic, partition, key: 'k', value: Buffer.from('v') }
  })
  const rounds = new SendRounds(records, {
    nowMs: 1,
    producer: { id: 1n, epoch: 0, isTransactional: true },
    sequences: new Sequences()
  })
  return { cluster, clock, work: new RecordSender(parts).send(rounds), partitions }
}

const places = (cluster: FakeCluster) =>
  cluster.sent.map(({ node, written }) => [node, written.map(({ partition }) => partition)])

describe('sending records', () => {
  test('makes one request per leader and says where the records are', async () => {
    const { cluster, work } = setUp([0, 1, 2, 2])
    expect(await work).toEqual(
      new Map([
        ['t:0', { base: 0n, last: 0n }],
        ['t:1', { base: 100n, last: 100n }],
        ['t:2', { base: 200n, last: 201n }]
      ])
    )
    expect(places(cluster)).toEqual([
      [0, [0, 2]],
      [1, [1]]
    ])
  })

  test('sends again only what was not taken, byte for byte, to the new leader', async () => {
    const { cluster, clock, work } = setUp([0, 2])
    cluster.answers.push({ codes: { 2: 6 } })
    await clock.advance(9)
    cluster.leaderByPartition[2] = 1
    await clock.advance(1)
    expect([...(await work).keys()]).toEqual(['t:0', 't:2'])
    expect(places(cluster)).toEqual([
      [0, [0, 2]],
      [1, [2]]
    ])
    expect(cluster.sent[1]?.written[0]).toEqual(cluster.sent[0]?.written[1])
    expect(cluster.refreshes).toBe(1)
  })

  test('sends again after a cut connection, and gives up in the end with its error', async () => {
    const { cluster, clock, work } = setUp([0])
    const error = new Error('connection closed')
    cluster.answers.push({ error }, { error }, { error })
    const failed = expect(work).rejects.toBe(error)
    await clock.advance(10)
    await clock.advance(20)
    await failed
    expect(cluster.sent.length).toBe(3)
  })

  test('gives up at once on what can never succeed, also beside what could', async () => {
    const { cluster, work } = setUp([0, 2])
    cluster.answers.push({ codes: { 0: 6, 2: 10 } })
    await expect(work).rejects.toMatchObject({ type: 'MESSAGE_TOO_LARGE' })
    expect(cluster.sent.length).toBe(1)
  })

  test('tells a broker that is too old from one that is away', async () => {
    const { cluster, work } = setUp([0])
    cluster.versions = { 0: { minVersion: 0, maxVersion: 8 } }
    await expect(work).rejects.toMatchObject({
      code: 'HAIL_KAFKA_REFUSED',
      message: expect.stringMatching(/^expected broker 0 to know version 12 of Produce, .* 0 to 8;/)
    })
    expect(cluster.sent).toEqual([])
  })

  test('asks again for a partition nobody knows, and gives up in the end', async () => {
    const { clock, work, cluster } = setUp([5])
    const failed = expect(work).rejects.toMatchObject(errorOfCode(3))
    await clock.advance(10)
    await clock.advance(20)
    await failed
    expect(cluster.sent).toEqual([])
    expect(cluster.refreshes).toBe(2)
  })
})
