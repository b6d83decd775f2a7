/**
 * @module Ending a transaction that nobody else ends. One its coordinator knows is ended by taking
 * its id over, which fences its producer and aborts it. One no coordinator knows gets an abort
 * marker written into its partition.
 */
import type { Kafka, KafkaAdmin } from '../../../core/kafka/index.ts'
import type { SubTopology } from '../../../streams/runtime/index.ts'
import { Refusal } from './refusal.ts'
import { openStates, taskOf } from './transactions.ts'

export interface EndOptions {
  readonly kafka: Pick<Kafka, 'transactionalProducer'>
  readonly admin: Pick<
    KafkaAdmin,
    | 'describeTransactions'
    | 'describeProducers'
    | 'listTransactions'
    | 'abortTransaction'
    | 'groupMembers'
  >
  readonly topologies: readonly SubTopology[]
  /** A transactional id, or `topic:partition:producer id`. */
  readonly id: string
  /** Do so although its owner may be alive. */
  readonly isForced: boolean
}

export interface Ended {
  readonly transactionalId: string | null
  readonly producerId: bigint
  readonly partitions: readonly string[]
}

/**
 * @throws Refusal when nothing is open by this name, or the owner may be alive and `isForced` is not set
 * @throws HailError when Kafka refuses or does not answer
 */
export async function endTransaction(options: EndOptions): Promise<Ended> {
  const [, topic, partition, producerId] = /^(.+):(\d+):(\d+)$/.exec(options.id) ?? []
  return topic === undefined
    ? endKnown(options)
    : endHanging(options, {
        topic,
        partition: Number(partition),
        producerId: BigInt(producerId ?? 0)
      })
}

async function endKnown({ kafka, admin, topologies, id, isForced }: EndOptions): Promise<Ended> {
  const [found] = await admin.describeTransactions([id])
  if (found === undefined || !openStates.includes(found.state)) {
    throw new Refusal(
      `transaction ${id} is not open (${found?.state ?? 'no coordinator knows it'})`
    )
  }
  await checkOwner({ admin, topologies, id, isForced })
  const producer = await kafka.transactionalProducer(id, { transactionTimeoutMs: found.timeoutMs })
  try {
    await producer.init()
  } finally {
    await producer.close()
  }
  return {
    transactionalId: id,
    producerId: found.producerId,
    partitions: found.partitions.map(({ topic, partition }) => `${topic}-${partition}`)
  }
}

/** The owner would be fenced in the middle of its work; a live one ends its transactions itself. */
async function checkOwner({
  admin,
  topologies,
  id,
  isForced
}: Omit<EndOptions, 'kafka'>): Promise<void> {
  if (isForced) return
  const owner = taskOf(id, topologies)
  if (owner === null) {
    throw new Refusal(
      `${id} belongs to no task of this version, so nobody can say whether its owner lives; FORCE=1 ends it all the same`
    )
  }
  const members = await admin.groupMembers(owner.group)
  if (members.length > 0) {
    throw new Refusal(
      `group ${owner.group} has ${members.length} live members, and the owner of ${owner.task} ends its transaction itself; stop it, or FORCE=1`
    )
  }
}

async function endHanging(
  { admin }: EndOptions,
  at: { readonly topic: string; readonly partition: number; readonly producerId: bigint }
): Promise<Ended> {
  const { topic, partition, producerId } = at
  const producers = await admin.describeProducers(topic, partition)
  const found = producers.find((one) => one.producerId === producerId)
  if (found === undefined || found.transactionStart === null) {
    throw new Refusal(`producer ${producerId} has no open transaction in ${topic}-${partition}`)
  }
  const [known] = await admin.listTransactions({ producerIds: [producerId], states: openStates })
  if (known !== undefined) {
    throw new Refusal(
      `the coordinator knows the transaction of producer ${producerId}: end it by its id, ${known.transactionalId}`
    )
  }
  const { producerEpoch, coordinatorEpoch } = found
  await admin.abortTransaction({ topic, partition, producerId, producerEpoch, coordinatorEpoch })
  return { transactionalId: null, producerId, partitions: [`${topic}-${partition}`] }
}
