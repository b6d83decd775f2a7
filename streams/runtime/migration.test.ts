import { expect, test } from 'vitest'
import { type AvroSchema, createLocalCodec } from '../../avro/index.ts'
import { createTopologyDriver } from '../../test/support/index.ts'
import { defineSubTopology, recordFormat, stringFormat, type TopicSpec } from './index.ts'

const startMs = 1_700_000_000_000
const oldId = 999

const ticks: TopicSpec<string, 'ticks'> = { name: 'ticks', partitions: 1, format: stringFormat }
const clocks: TopicSpec<string, 'clocks'> = { name: 'clocks', partitions: 1, format: stringFormat }

/** Keeps a timer state for each key; from the second record on it tells which clock it has. */
const remembering = defineSubTopology({
  app: 'probe',
  name: 'migration',
  topics: [ticks, clocks],
  sources: ['ticks'],
  outputs: ['clocks'],
  commitIntervalMs: 100,
  stores: { kept: { format: recordFormat('TimerState'), kind: 'remote' } },
  on: {
    ticks: (ctx, { key }) => {
      const kept = ctx.get('kept', key)
      if (kept) ctx.emit(clocks, key, kept.clock)
      ctx.put('kept', key, kept ?? { key, name: 'n', dueMs: 5, clock: 'wall' })
    }
  }
})

/** The timer state as it was before it had a clock. */
const oldSchema: AvroSchema = {
  type: 'record',
  name: 'TimerState',
  namespace: 'hailstream',
  doc: 'A durable timer.',
  fields: [
    { name: 'key', type: 'string', doc: 'Key.' },
    { name: 'name', type: 'string', doc: 'Name.' },
    { name: 'dueMs', type: 'long', doc: 'Due time.' }
  ]
}
/** 0x00, the schema id, then "k", "n" and 5 in Avro. */
const oldBytes = Buffer.from([0, 0, 0, oldId >> 8, oldId & 255, 2, 107, 2, 110, 10])

test('a stored value of an older version is read by Avro resolution and written anew', async () => {
  const present = createLocalCodec({ foreign: new Map([[oldId, oldSchema]]) })
  let isUpgraded = false
  const codec = {
    ...present,
    encode: ((record, value) =>
      record === 'TimerState' && !isUpgraded
        ? oldBytes
        : present.encode(record, value)) as typeof present.encode
  }
  const driver = createTopologyDriver([remembering], { startMs, codec })
  await driver.pipe('ticks', 'k', '')
  isUpgraded = true
  await driver.restart()
  await driver.pipe('ticks', 'k', '')
  expect(driver.all('clocks').map(({ value }) => value)).toEqual(['task'])
  const [kept] = await driver.state.read('probe-migration-0', [
    { store: 'kept', segmented: false, keys: ['k'] }
  ])
  expect(kept?.values[0]?.readUInt32BE(1)).not.toBe(oldId)
})
