/**
 * What the two frameworks do with a ride request in a design without a log in front: one send a
 * request, acknowledged by all in-sync replicas, as kafkajs' own examples show it.
 *
 * @module
 */
import { randomUUID } from 'node:crypto'
import { Kafka, logLevel, Partitioners } from 'kafkajs'

/** A function that sends one ride and resolves with its id once Kafka has it. */
export async function connectRideProducer(brokers, topic) {
  const kafka = new Kafka({
    clientId: 'peer',
    brokers: brokers.split(','),
    logLevel: logLevel.NOTHING
  })
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  return async ({ pickup, dropoff }) => {
    const rideId = randomUUID()
    const value = JSON.stringify({ rideId, pickup, dropoff, requestedAt: Date.now() })
    await producer.send({ topic, acks: -1, messages: [{ key: rideId, value }] })
    return rideId
  }
}
