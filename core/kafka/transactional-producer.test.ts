import { expect, test } from 'vitest'
import { createFakeClock } from '../clock/index.ts'
import { errorOfCode, loadKafkajs, type RawCluster } from './library.ts'
import { TaskProducer } from './transactional-producer.ts'

loadKafkajs()

const messageTooLarge = 10

/** A library's cluster with one broker that refuses every record and answers a group when told to. */
function setUp() {
  let answer = (): void => undefined
  const answered = new Promise<void>((resolve) => {
    answer = resolve
  })
  const asked: string[] = []
  const broker = {
    initProducerId: async () => ({ producerId: '7', producerEpoch: 0 }),
    addPartitionsToTxn: async () => undefined,
    addOffsetsToTxn: () => {
      asked.push('group')
      return answered
    },
    connectionPool: {
      send: async () => {
        asked.push('records')
        throw errorOfCode(messageTooLarge)
      }
    }
  }
  const cluster = {
    targetTopics: new Set(['t']),
    isConnected: () => true,
    refreshMetadataIfNecessary: async () => undefined,
    findTopicPartitionMetadata: () => [{ partitionId: 0, leader: 1 }],
    findBroker: async () => broker,
    findGroupCoordinator: async () => broker
  } as unknown as RawCluster
  const producer = new TaskProducer({
    cluster,
    clock: createFakeClock(0),
    transactionalId: 'id',
    transactionTimeoutMs: 15_000,
    transactionVersionMax: 1,
    ackTimeoutMs: 10_000,
    onClose: () => undefined
  })
  return { producer, asked, answer: () => answer() }
}

const records = [{ topic: 't', partition: 0, key: 'k', value: Buffer.from('v') }]

test('the group is announced beside the records, and an error is told once both are over', async () => {
  const { producer, asked, answer } = setUp()
  await producer.init()
  const transaction = await producer.begin('g')
  let isOver = false
  const sent = transaction.send(records).finally(() => {
    isOver = true
  })
  const refused = expect(sent).rejects.toMatchObject({ code: 'HAIL_KAFKA_REFUSED' })
  await new Promise((resolve) => setImmediate(resolve))
  expect(asked.toSorted()).toEqual(['group', 'records'])
  expect(isOver).toBe(false)
  answer()
  await refused
  await expect(producer.begin('g')).rejects.toMatchObject({ code: 'HAIL_KAFKA_REFUSED' })
})
