/**
 * @module A group member that dies: runs in a worker thread, joins, and is terminated by the test
 * without a goodbye. Posts its member id once it has joined.
 */

import { parentPort, workerData } from 'node:worker_threads'
import { silentLogger, systemClock } from '../../core/index.ts'
import { createKafka } from '../../core/kafka/index.ts'

const { brokers, groupId, topics, sessionTimeoutMs } = workerData as {
  brokers: string[]
  groupId: string
  topics: string[]
  sessionTimeoutMs: number
}

const kafka = createKafka({
  brokers,
  clientId: 'kafka-test-doomed',
  logger: silentLogger,
  clock: systemClock
})
const member = kafka.member({
  groupId,
  topics,
  sessionTimeoutMs,
  heartbeatMs: 200,
  rebalanceTimeoutMs: 5_000,
  onAssigned: ({ memberId, partitions }) => parentPort?.postMessage({ memberId, partitions }),
  onLost: () => undefined
})
await member.start()
