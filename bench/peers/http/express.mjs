/** @module Express 5 with one kafkajs send a request. Arguments: port, brokers, topic. */
import express from 'express'
import { connectRideProducer } from './ride-producer.mjs'

const [port, brokers, topic] = process.argv.slice(2)
const sendRide = await connectRideProducer(brokers, topic)
const app = express()
app.use(express.json())
app.post('/api/v1/rides', async (request, response) => {
  const rideId = await sendRide(request.body)
  response.status(202).json({ rideId, status: 'pending' })
})
app.listen(Number(port), '127.0.0.1')
