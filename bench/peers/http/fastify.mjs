/** @module Fastify 5 with one kafkajs send a request. Arguments: port, brokers, topic. */
import fastify from 'fastify'
import { connectRideProducer } from './ride-producer.mjs'

const [port, brokers, topic] = process.argv.slice(2)
const sendRide = await connectRideProducer(brokers, topic)
const place = {
  type: 'object',
  required: ['lat', 'lon'],
  properties: { lat: { type: 'number' }, lon: { type: 'number' } }
}
const body = {
  type: 'object',
  required: ['pickup', 'dropoff'],
  properties: { pickup: place, dropoff: place }
}
const answer = {
  type: 'object',
  properties: { rideId: { type: 'string' }, status: { type: 'string' } }
}
const app = fastify()
app.post(
  '/api/v1/rides',
  { schema: { body, response: { 202: answer } } },
  async (request, reply) => {
    const rideId = await sendRide(request.body)
    return reply.code(202).send({ rideId, status: 'pending' })
  }
)
await app.listen({ port: Number(port), host: '127.0.0.1' })
