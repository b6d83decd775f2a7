import { describe, expect, test } from 'vitest'
import { createFakeClock } from '../clock/index.ts'
import { silentLogger } from '../logger.ts'
import type { FetchResponse, FetchResponsePartition } from './fetch-response.ts'
import { ClusterFetcher } from './fetcher.ts'
import type { RawBroker, RawCluster } from './library.ts'
import type { FetchedPartition, FetchOptions } from './types.ts'

const options: FetchOptions = {
  maxWaitMs: 10,
  maxBytes: 1_000,
  maxBytesPerPartition: 1_000,
  isolation: 'committed'
}

type Answer = () => FetchResponse

/** The library's side: partitions 0 and 1 of topic `t`, each led by the node of the same number. */
class FakeCluster implements RawCluster {
  readonly targetTopics = new Set<string>()
  refreshes = 0
  /** Waits asked for, behind the replica id at the start of each request. */
  readonly waitsMs: number[] = []
  readonly answerByNode = new Map<number, Answer>()

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
    return topic === 't' ? [0, 1].map((id) => ({ partitionId: id, leader: id })) : []
  }
  async findBroker({ nodeId }: { nodeId: number | string }): Promise<RawBroker> {
    const answer = this.answerByNode.get(Number(nodeId))
    if (answer === undefined) throw new Error('connect ECONNREFUSED')
    const send = async ({ request }: { request: { encode(): Promise<{ buffer: Buffer }> } }) => {
      const { buffer } = await request.encode()
      this.waitsMs.push(buffer.readInt32BE(4))
      return answer() as never
    }
    return { nodeId, connectionPool: { send } } as unknown as RawBroker
  }
  findGroupCoordinator(): Promise<RawBroker> {
    throw new Error('a fetcher has no group')
  }
  noticeCoordinatorError(): void {}
}

function aPartition(partition: number, errorCode = 0): FetchResponsePartition {
  return {
    topic: 't',
    partition,
    errorCode,
    highWatermark: 5n,
    lastStableOffset: 5n,
    logStart: 0n,
    aborted: [],
    data: Buffer.alloc(0)
  }
}

function setUp() {
  const cluster = new FakeCluster()
  const clock = createFakeClock(0)
  const fetcher = new ClusterFetcher({
    cluster,
    clock,
    logger: silentLogger,
    onClose: () => undefined
  })
  const answer = (partition: number, errorCode = 0) =>
    cluster.answerByNode.set(partition, () => {
      return { throttleMs: 0, errorCode: 0, partitions: [aPartition(partition, errorCode)] }
    })
  const requests = [0, 1].map((partition) => ({ topic: 't', partition, offset: 2n }))
  return { cluster, clock, fetcher, answer, requests }
}

const errorsOf = (fetched: FetchedPartition[]) => fetched.map(({ error }) => error)

describe('fetcher', () => {
  test('asks each leader and keeps the order of the requests', async () => {
    const { cluster, fetcher, answer, requests } = setUp()
    answer(0)
    answer(1)
    const fetched = await fetcher.fetch([...requests].reverse(), options)
    expect(fetched.map(({ partition }) => partition)).toEqual([1, 0])
    expect(errorsOf(fetched)).toEqual([null, null])
    expect(cluster.refreshes).toBe(0)
  })

  test('lets a broker wait for longer only where no other could have the answer', async () => {
    const { cluster, fetcher, answer, requests } = setUp()
    answer(0)
    answer(1)
    const patient = { ...options, soleLeaderWaitMs: 500 }
    await fetcher.fetch(requests, patient)
    await fetcher.fetch(requests.slice(0, 1), patient)
    await fetcher.fetch(requests.slice(0, 1), options)
    expect(cluster.waitsMs).toEqual([10, 10, 500, 10])
  })

  test('reports an unreachable broker for its partitions alone, after at least 50 ms', async () => {
    const { cluster, clock, fetcher, answer, requests } = setUp()
    answer(0)
    let fetched: FetchedPartition[] | null = null
    const done = fetcher.fetch(requests, options).then((result) => {
      fetched = result
    })
    await clock.advance(49)
    expect(fetched).toBeNull()
    await clock.advance(1)
    await done
    expect(errorsOf(fetched ?? [])).toEqual([null, 'UNAVAILABLE'])
    expect(cluster.refreshes).toBe(1)
  })

  test.each([
    [1, 'OFFSET_OUT_OF_RANGE'],
    [3, 'NOT_LEADER'],
    [6, 'NOT_LEADER'],
    [74, 'NOT_LEADER'],
    [29, 'TOPIC_AUTHORIZATION_FAILED'],
    [999, 'ERROR_999']
  ])('names the error code %i %s and stays at the offset', async (code, name) => {
    const { clock, fetcher, answer, requests } = setUp()
    answer(0, code)
    const work = fetcher.fetch(requests.slice(0, 1), options)
    await clock.advance(50)
    expect(await work).toEqual([
      {
        topic: 't',
        partition: 0,
        error: name,
        records: [],
        offsetNext: 2n,
        highWatermark: -1n,
        lastStableOffset: -1n,
        logStart: -1n
      }
    ])
  })

  test('reports a partition without a leader', async () => {
    const { clock, fetcher } = setUp()
    const work = fetcher.fetch([{ topic: 'unknown', partition: 0, offset: 0n }], options)
    await clock.advance(50)
    expect(errorsOf(await work)).toEqual(['NOT_LEADER'])
  })

  test('refuses to fetch once closed', async () => {
    const { fetcher } = setUp()
    await fetcher.close()
    await expect(fetcher.fetch([], options)).rejects.toMatchObject({ code: 'HAIL_CLOSED' })
  })
})
