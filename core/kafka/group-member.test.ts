import { EventEmitter } from 'node:events'
import type { Consumer } from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { createFakeClock } from '../clock/index.ts'
import { silentLogger } from '../logger.ts'
import { ConsumerMember } from './group-member.ts'
import type { GroupAssignment } from './types.ts'

const events = {
  GROUP_JOIN: 'join',
  REQUEST: 'request',
  HEARTBEAT: 'heartbeat',
  DISCONNECT: 'disconnect',
  CRASH: 'crash'
}

/** The library's side: joins when told to, and remembers what was paused. */
class FakeConsumer extends EventEmitter {
  readonly events = events
  readonly paused: unknown[] = []
  isDisconnected = false

  async connect(): Promise<void> {}
  async subscribe(): Promise<void> {}
  async run(): Promise<void> {}
  async disconnect(): Promise<void> {
    this.isDisconnected = true
    this.emit(events.DISCONNECT, {})
  }
  pause(places: unknown): void {
    this.paused.push(places)
  }
  join(memberId: string, partitions: number[]): void {
    const memberAssignment = { one: partitions, two: partitions }
    this.emit(events.GROUP_JOIN, { payload: { memberId, memberAssignment } })
  }
  answer(apiName: string, duration: number): void {
    this.emit(events.REQUEST, { payload: { apiName, duration } })
  }
}

async function setUp() {
  const clock = createFakeClock(0)
  const consumers: FakeConsumer[] = []
  const assignments: GroupAssignment[] = []
  const pausedBefore: number[] = []
  const counts = { lost: 0 }
  const member = new ConsumerMember({
    groupId: 'g',
    topics: ['one', 'two'],
    sessionTimeoutMs: 6_000,
    heartbeatMs: 500,
    rebalanceTimeoutMs: 8_000,
    clock,
    logger: silentLogger,
    createConsumer: () => {
      const consumer = new FakeConsumer()
      consumers.push(consumer)
      return consumer as unknown as Consumer
    },
    checkTopics: async () => undefined,
    removeMember: async () => undefined,
    onAssigned: (assignment) => {
      assignments.push(assignment)
      pausedBefore.push(consumers.at(-1)?.paused.length ?? 0)
    },
    onLost: () => {
      counts.lost += 1
    }
  })
  await member.start()
  const current = (): FakeConsumer => {
    const consumer = consumers.at(-1)
    if (consumer === undefined) throw new Error('the member has made a consumer')
    return consumer
  }
  return { clock, consumers, assignments, pausedBefore, counts, member, current }
}

describe('group member', () => {
  test('tells its tasks inside the join, after pausing everything', async () => {
    const { member, current, assignments, pausedBefore } = await setUp()
    current().join('m-1', [4, 1])
    expect(assignments).toEqual([{ memberId: 'm-1', generation: 1, partitions: [1, 4] }])
    expect(pausedBefore).toEqual([1])
    expect(current().paused).toEqual([
      [
        { topic: 'one', partitions: [4, 1] },
        { topic: 'two', partitions: [4, 1] }
      ]
    ])
    expect(member.memberId()).toBe('m-1')
  })

  test('dates a heartbeat by when it was sent, and only when it was accepted', async () => {
    const { clock, member, current } = await setUp()
    expect(member.lastHeartbeatAt()).toBe(Number.NEGATIVE_INFINITY)
    await clock.advance(1_000)
    const nowMs = clock.monotonic()
    current().answer('Heartbeat', 300)
    expect(member.lastHeartbeatAt()).toBe(Number.NEGATIVE_INFINITY)
    current().emit(events.HEARTBEAT, {})
    expect(member.lastHeartbeatAt()).toBe(nowMs - 300)
    current().answer('Fetch', 0)
    current().emit(events.HEARTBEAT, {})
    expect(member.lastHeartbeatAt()).toBe(nowMs - 300)
  })

  test.each([events.CRASH, events.DISCONNECT])(
    'reports a %s once and joins anew',
    async (event) => {
      const { clock, consumers, counts, member, current } = await setUp()
      current().join('m-1', [0])
      const first = current()
      first.emit(event, { payload: { error: new Error('lost') } })
      first.emit(events.CRASH, { payload: { error: new Error('lost again') } })
      await clock.settle()
      expect(counts.lost).toBe(1)
      expect(member.memberId()).toBeNull()
      await clock.advance(250)
      expect(consumers.length).toBe(2)
      current().join('m-2', [0])
      expect(member.memberId()).toBe('m-2')
    }
  )

  test('waits longer after each failed join, at most five seconds', async () => {
    const { clock, consumers, current } = await setUp()
    for (const delayMs of [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]) {
      const before = consumers.length
      current().emit(events.CRASH, { payload: { error: new Error('no broker') } })
      await clock.advance(delayMs - 1)
      expect(consumers.length).toBe(before)
      await clock.advance(1)
      expect(consumers.length).toBe(before + 1)
    }
  })

  test('leaves once, says nothing more and joins no more', async () => {
    const { clock, consumers, assignments, counts, member, current } = await setUp()
    current().join('m-1', [0])
    await member.leave()
    await member.leave()
    current().join('m-1', [0, 1])
    await clock.advance(60_000)
    expect(current().isDisconnected).toBe(true)
    expect(assignments.length).toBe(1)
    expect(counts.lost).toBe(0)
    expect(consumers.length).toBe(1)
  })
})
