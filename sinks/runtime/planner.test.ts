import { describe, expect, test } from 'vitest'
import { type Codec, createLocalCodec, UnknownSchemaError } from '../../avro/index.ts'
import { createFakeClock, RetryError, silentLogger } from '../../core/index.ts'
import type { KafkaRecord } from '../../core/kafka/index.ts'
import { aBill } from '../../test/support/records.ts'
import { createPlanner } from './planner.ts'
import { recordValue } from './record-value.ts'
import { createRetrier } from './retrying.ts'

const local = createLocalCodec()

function aRecord(offset: number, value: Buffer | null): KafkaRecord {
  const base = { topic: 'bills', partition: 0, timestampMs: 0, key: null, headers: {} }
  return { ...base, offset: BigInt(offset), value }
}

const bill = (offset: number) =>
  aRecord(offset, local.encode('Bill', aBill({ billId: `b-${offset}` })))
/** Written with a schema id that nobody knows. */
const foreign = (offset: number) => aRecord(offset, Buffer.from([0, 0, 0, 3, 9, 1]))

function aPlanner(learn: (schemaId: number) => Promise<void>) {
  const clock = createFakeClock(0)
  const codec: Codec = { ...local, learn }
  const plan = (record: KafkaRecord) => recordValue('bills', record, codec).billId
  const retrier = createRetrier({
    clock,
    logger: silentLogger,
    waits: { firstMs: 100, maxMs: 1_000 },
    onRetry: () => undefined
  })
  return { clock, planner: createPlanner({ plan, codec, clock, retrier }) }
}

const { signal } = new AbortController()

describe('a planner', () => {
  test('finds exactly the records that cannot be read', async () => {
    const { planner } = aPlanner(async () => undefined)
    const batch = [bill(0), aRecord(1, Buffer.from('junk')), bill(2), aRecord(3, null)]
    const { planned, bad } = await planner.plan(batch, signal)
    expect(planned.map(({ plan }) => plan)).toEqual(['b-0', 'b-2'])
    expect(bad.map(({ record, code }) => [record.offset, code])).toEqual([
      [1n, 'HAIL_DECODE'],
      [3n, 'HAIL_RULE']
    ])
  })

  test('waits for ever for a registry that is down', async () => {
    let tries = 0
    const { clock, planner } = aPlanner(async () => {
      tries += 1
      throw new RetryError('HAIL_REGISTRY', 'down')
    })
    let isDone = false
    const controller = new AbortController()
    const plan = planner.plan([foreign(0)], controller.signal).finally(() => {
      isDone = true
    })
    const failed = expect(plan).rejects.toMatchObject({ code: 'HAIL_CLOSED' })
    await clock.advance(3_600_000)
    expect(isDone).toBe(false)
    expect(tries).toBeGreaterThan(3_000)
    controller.abort()
    await failed
  })

  test('gives a schema that is in no registry ten seconds, and its later records none', async () => {
    const { clock, planner } = aPlanner(async (schemaId) => {
      throw new UnknownSchemaError(schemaId)
    })
    const first = planner.plan([foreign(0), bill(1)], signal)
    await clock.advance(12_000)
    expect(await first).toMatchObject({
      planned: [{ plan: 'b-1' }],
      bad: [{ code: 'HAIL_DECODE', reason: 'schema id 777 is not in the registry' }]
    })
    expect((await planner.plan([foreign(2)], signal)).bad).toHaveLength(1)
    expect(clock.timerCount()).toBe(0)
  })
})
