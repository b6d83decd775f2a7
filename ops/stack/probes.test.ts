import { createServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  acceptsConnections,
  type Endpoint,
  kafkaAnswers,
  mongoAnswers,
  postgresAnswers,
  redisAnswers
} from './probes.ts'

/** A server that answers whatever comes with these bytes. */
async function aServer(answer: Buffer | string): Promise<Endpoint> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => socket.write(answer))
  })
  onTestFinished(() => {
    for (const socket of sockets) {
      socket.destroy()
    }
    server.close()
  })
  return await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = address !== null && typeof address === 'object' ? address.port : 0
      resolve({ host: '127.0.0.1', port })
    })
  })
}

function kafkaMetadata(brokers: number, controller: number): Buffer {
  const broker = Buffer.from('\0\0\0\x01\0\x04host\0\0\x23\x84\xff\xff', 'latin1')
  const count = Buffer.alloc(4)
  count.writeInt32BE(brokers)
  const tail = Buffer.alloc(8)
  tail.writeInt32BE(controller)
  const correlation = Buffer.from([0, 0, 0, 1])
  const body = Buffer.concat([correlation, count, ...Array(brokers).fill(broker), tail])
  const size = Buffer.alloc(4)
  size.writeInt32BE(body.length)
  return Buffer.concat([size, body])
}

function mongoReply(ok: number): Buffer {
  const number = Buffer.alloc(8)
  number.writeDoubleLE(ok)
  const field = Buffer.concat([Buffer.from('\x01ok\0', 'latin1'), number, Buffer.from([0])])
  const message = Buffer.alloc(25 + field.length)
  message.writeInt32LE(message.length, 0)
  field.copy(message, 25)
  return message
}

describe('probes', () => {
  it.each([
    ['Kafka with a broker', kafkaAnswers, kafkaMetadata(1, 1), true],
    ['Kafka with its broker fenced', kafkaAnswers, kafkaMetadata(0, 1), false],
    ['Kafka without a controller', kafkaAnswers, kafkaMetadata(1, -1), false],
    ['Redis', redisAnswers, '+PONG\r\n', true],
    ['Redis that loads', redisAnswers, '-LOADING Redis is loading\r\n', false],
    ['a MongoDB', mongoAnswers, mongoReply(1), true],
    ['a MongoDB that refuses', mongoAnswers, mongoReply(0), false],
    ['PostgreSQL', postgresAnswers, Buffer.from('R\0\0\0\x08\0\0\0\0'), true],
    ['PostgreSQL that starts', postgresAnswers, Buffer.from('E\0\0\0\x08'), false]
  ])('tell %s', async (_, probe, answer, isUp) => {
    expect(await probe(await aServer(answer))).toBe(isUp)
  })

  it('say no when nothing listens', async () => {
    const endpoint = { host: '127.0.0.1', port: 1 }
    expect(await acceptsConnections(endpoint)).toBe(false)
    expect(await kafkaAnswers(endpoint)).toBe(false)
  })

  it('say that a silent server accepts connections', async () => {
    expect(await acceptsConnections(await aServer(''))).toBe(true)
  })
})
