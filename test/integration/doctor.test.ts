/**
 * @module The operators' verbs against real servers, on an application of their own: what hangs is
 * listed and ended, an offset moves without losing what lies beside it, orphans are found.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isHailError, systemClock } from '../../core/index.ts'
import { dropOrphans } from '../../ops/cli/doctor/drop-orphans.ts'
import { endTransaction } from '../../ops/cli/doctor/end-transaction.ts'
import type { Finding } from '../../ops/cli/doctor/finding.ts'
import { moveOffset } from '../../ops/cli/doctor/move-offset.ts'
import { examine, type Report } from '../../ops/cli/doctor/report.ts'
import { stackForTests } from '../../ops/stack/for-tests.ts'
import { waitFor } from '../support/wait-for.ts'
import { startWordCounts, type WordCounts } from '../support/word-counts.ts'

let counts: WordCounts
let strayKey: string
let stop: () => Promise<void>

beforeAll(async () => {
  const stack = await stackForTests()
  stop = stack.stop
  counts = await startWordCounts(stack.addresses)
  strayKey = `hs:{${counts.app}-old-0}:gone`
}, 180_000)

afterAll(async () => {
  await counts?.redis.del([strayKey])
  await counts?.close()
  await stop?.()
}, 60_000)

async function examined(hungAfterMs = 60_000): Promise<Report & { mine: Finding[] }> {
  const { app, topic, topology, admin, fetcher, redis } = counts
  const { group } = counts.topology
  const report = await examine({
    admin,
    fetcher,
    redis,
    clock: systemClock,
    topologies: [topology],
    groups: [{ group, topics: [topic], kind: 'task' }],
    hungAfterMs
  })
  return { ...report, mine: report.findings.filter(({ subject }) => subject.includes(app)) }
}

async function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'done',
    (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : '')
  )
}

describe('the doctor', () => {
  test('finds nothing that needs a hand in a group that runs', async () => {
    const { partitions, running, send, countBecomes } = counts
    const { group } = counts.topology
    await running(async () => {
      await send('a', 'b', 'b', 'b')
      await countBecomes('b', 3)
      await waitFor('the group to have read everything', async () => {
        const { lags } = await examined()
        return lags.every(({ lagRecords }) => lagRecords === 0)
      })
      const { mine, stores, groups } = await examined()
      expect(mine.filter(({ severity }) => severity === 'hand')).toEqual([])
      expect(stores).toHaveLength(2 * partitions)
      expect(groups).toMatchObject([{ group, state: 'Stable', members: [{ partitions: [0, 1] }] }])
    })
  })

  test('measures the lag of a group that is stopped, in records and time', async () => {
    const { startMs, partitionOf, running, send, countBecomes } = counts
    const partition = partitionOf('late')
    await send('late')
    const { lags, mine } = await examined()
    const lag = lags.find((one) => one.partition === partition)
    expect(lag?.lagRecords).toBe(1)
    expect(lag?.lagMs).toBeGreaterThanOrEqual(systemClock.now() - startMs - 60_000)
    expect(mine).toMatchObject([{ severity: 'note', kind: 'group-idle' }])
    await running(() => countBecomes('late', 1))
    expect((await examined()).lags.every(({ lagMs }) => lagMs === 0)).toBe(true)
  })

  test('lists a transaction that hangs, with its task, and ends it', async () => {
    const { topic, topology, kafka, admin } = counts
    const { group } = counts.topology
    const id = `hs-${topology.id}-0`
    const hung = await kafka.transactionalProducer(id, { transactionTimeoutMs: 600_000 })
    await hung.init()
    const transaction = await hung.begin()
    await transaction.send([{ topic, partition: 0, key: 'k', value: Buffer.from('x') }])
    const { open, mine, lags } = await examined(0)
    expect(open).toMatchObject([
      {
        transactionalId: id,
        task: `${topology.id}-0`,
        group,
        partitions: [{ topic, partition: 0 }]
      }
    ])
    expect(lags[0]?.bounds.stable).toBe((lags[0]?.bounds.high ?? 0n) - 1n)
    expect(mine.find(({ kind }) => kind === 'transaction-hung')).toMatchObject({
      severity: 'hand',
      next: `make doctor DO=end-transaction ID=${id}`
    })

    const options = { kafka, admin, topologies: [topology], id, isForced: false }
    expect(await endTransaction(options)).toMatchObject({ partitions: [`${topic}-0`] })
    const after = await examined(0)
    expect(after.open).toEqual([])
    expect(after.lags[0]?.bounds.stable).toBe(after.lags[0]?.bounds.high)
    expect(after.lags[0]?.lagRecords).toBe(0)
    expect(await refusal(endTransaction(options))).toMatch(/^Refusal: .*is not open/)
    await expect(transaction.commit()).rejects.toMatchObject({ code: 'HAIL_FENCED' })
    await hung.close()
  })

  test('ends no transaction of a group that lives, of nobody, or that is not there', async () => {
    const { app, topic, topology, kafka, admin } = counts
    const { group } = counts.topology
    const end = (id: string, isForced = false) =>
      refusal(endTransaction({ kafka, admin, topologies: [topology], id, isForced }))
    const foreign = await kafka.transactionalProducer(`${app}-foreign`)
    await foreign.init()
    const transaction = await foreign.begin()
    await transaction.send([{ topic, partition: 0, key: 'k', value: Buffer.from('x') }])
    expect(await end(`${app}-foreign`)).toContain('FORCE=1')
    expect(await end(`${app}-foreign`, true)).toBe('done')
    expect(await end(`${topic}:0:1`)).toContain('has no open transaction')
    await foreign.close()

    // Partition 1 only: opening one for a task of the running group would fence its owner.
    const id = `hs-${topology.id}-1`
    const rival = await kafka.transactionalProducer(id)
    await rival.init()
    const open = await rival.begin()
    await open.send([{ topic, partition: 1, key: 'k', value: Buffer.from('x') }])
    const member = kafka.member({
      groupId: group,
      topics: [topic],
      sessionTimeoutMs: 10_000,
      heartbeatMs: 500,
      rebalanceTimeoutMs: 10_000,
      onAssigned: () => undefined,
      onLost: () => undefined
    })
    await member.start()
    expect(await end(id)).toContain('1 live members')
    const move = { admin, topologies: [topology], group, topic, partition: 1 }
    expect(await refusal(moveOffset({ ...move, to: 'latest', rebuilds: false }))).toContain('live')
    await member.leave()
    expect(await end(id)).toBe('done')
    await rival.close()
  })

  test('moves an offset that is out of range and keeps the positions beside it', async () => {
    const { topic, topology, admin, fatal, partitionOf, running, send, countBecomes } = counts
    const { group } = counts.topology
    const partition = partitionOf('b')
    await send('b', 'b', 'b')
    const { high } = (await admin.endOffsets(topic)).get(partition) ?? { high: 0n }
    await admin.deleteRecords(topic, new Map([[partition, high - 1n]]))
    const { mine } = await examined()
    const found = mine.find(({ kind }) => kind === 'offset-out-of-range')
    expect(found?.subject).toBe(`${group} ${topic}-${partition}`)
    await running(() => waitFor('the task to refuse', () => fatal.length > 0))
    expect(fatal[0]).toMatchObject({ code: 'HAIL_OFFSET_OUT_OF_RANGE' })

    const move = { admin, topologies: [topology], group, topic, partition }
    expect(await refusal(moveOffset({ ...move, to: '0', rebuilds: false }))).toContain('not 0')
    const [moved] = await moveOffset({ ...move, to: 'earliest', rebuilds: false })
    expect(moved).toMatchObject({ partition, to: high - 1n, metadata: 'kept' })
    expect((await examined()).mine.filter(({ severity }) => severity === 'hand')).toEqual([])
    // Three counted before, and the last of the three that were deleted.
    await running(() => countBecomes('b', 4))
  })

  test('writes lost metadata anew, so that the task goes on with its state', async () => {
    const { topic, topology, admin, fatal, partitionOf, running, send, countBecomes } = counts
    const { group } = counts.topology
    const partition = partitionOf('b')
    const at = (await admin.committed(group, [topic])).get(`${topic}:${partition}`)
    await admin.moveOffsets({
      groupId: group,
      offsets: [{ topic, partition, offset: at?.offset ?? 0n, metadata: '' }]
    })
    const kinds = (await examined()).mine.map(({ kind }) => kind)
    expect(kinds).toEqual(['store-lost', 'store-lost'])
    await running(() => waitFor('the task to refuse', () => fatal.length > 0))
    expect(isHailError(fatal[0]) && fatal[0].code).toBe('HAIL_COMMIT_LOST')

    const to = String(at?.offset)
    const move = { admin, topologies: [topology], group, topic, partition, to }
    expect(await refusal(moveOffset({ ...move, rebuilds: false }))).toContain('REBUILD=1')
    expect(await moveOffset({ ...move, rebuilds: true })).toMatchObject([{ metadata: 'rebuilt' }])
    await send('b')
    await running(() => countBecomes('b', 5))
  })

  test('reports what no topology names, and drops it', async () => {
    const { app, topology, admin, redis } = counts
    const strays = [`${app}-old-gone-changelog`, `${app}-by_user-repartition`]
    await admin.ensureTopics(
      strays.map((name) => ({ name, partitions: 1, replicationFactor: 1, config: {} }))
    )
    await redis.client.hset(strayKey, 'k', 'v')
    const { orphans, findings } = await examined()
    expect(orphans.topics).toEqual(expect.arrayContaining(strays.toSorted()))
    expect(orphans.topics.filter((topic) => topic.includes(topology.id))).toEqual([])
    expect(orphans.keys).toContain(strayKey)
    expect(findings.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['orphan-topics', 'orphan-keys'])
    )

    const ours = {
      topics: orphans.topics.filter((name) => name.startsWith(app)),
      groups: [],
      keys: orphans.keys.filter((key) => key.includes(app))
    }
    const [first = ''] = strays
    await dropOrphans({ admin, redis, orphans: ours, only: first })
    await waitFor('the topic to go', async () => !(await admin.listTopics()).includes(first))
    const dropped = await dropOrphans({ admin, redis, orphans: ours, only: strayKey })
    expect(dropped).toEqual({ topics: [], groups: [], keys: [strayKey], inUse: [] })
    expect((await examined()).orphans.keys).not.toContain(strayKey)
  })

  test('leaves what a running application of another version still uses', async () => {
    const { app, admin, redis, running, countBecomes } = counts
    const { group } = counts.topology
    await running(async () => {
      await countBecomes('b', 5)
      const orphans = { topics: [`${app}-by_user-repartition`], groups: [group], keys: [] }
      const dropped = await dropOrphans({ admin, redis, orphans, only: null })
      expect(dropped).toEqual({
        topics: [],
        groups: [],
        keys: [],
        inUse: [...orphans.topics, group]
      })
    })
  })
})
