/**
 * Asks each kind of server one small question in its own protocol. A port that accepts a connection
 * is not yet a server that answers: Redis may be loading, a broker may be fenced, PostgreSQL may be
 * recovering. Written by hand on a socket because the clients belong to other folders, and each
 * would bring a pool, retries and timers to something asked every 50 ms.
 *
 * @module
 */
import { connect } from 'node:net'

/** Where a server listens. */
export type Endpoint = { host: string; port: number }

const ANSWER_WAIT_MS = 2_000

/** True when something accepts a connection. */
export async function acceptsConnections(endpoint: Endpoint): Promise<boolean> {
  return (await exchange(endpoint, Buffer.alloc(0), () => true)) !== undefined
}

/** True when the broker lists at least one unfenced broker and a controller. */
export async function kafkaAnswers(endpoint: Endpoint): Promise<boolean> {
  const answer = await exchange(endpoint, kafkaMetadataRequest(), isWholeKafkaFrame)
  return answer !== undefined && hasKafkaBroker(answer)
}

/** True when Redis answers PING with PONG, so not while it loads its append-only file. */
export async function redisAnswers(endpoint: Endpoint): Promise<boolean> {
  const answer = await exchange(endpoint, Buffer.from('PING\r\n'), (got) => got.includes('\n'))
  return answer?.toString('latin1').startsWith('+PONG') ?? false
}

/** True when the server carries out `listDatabases`, which FerretDB has to ask PostgreSQL for. */
export async function mongoAnswers(endpoint: Endpoint): Promise<boolean> {
  const answer = await exchange(endpoint, mongoListDatabases(), isWholeMongoMessage)
  return answer?.includes(MONGO_OK) ?? false
}

/** True when PostgreSQL lets the user `postgres` in without a password. */
export async function postgresAnswers(endpoint: Endpoint): Promise<boolean> {
  const answer = await exchange(endpoint, postgresStartup(), (got) => got.length >= 1)
  return answer?.toString('latin1', 0, 1) === 'R'
}

/** True when the URL answers 200. */
export async function httpAnswers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_WAIT_MS) })
    await answer.arrayBuffer()
    return answer.status === 200
  } catch {
    return false
  }
}

/** Connects, sends, and returns what came once it is whole; undefined on any failure. */
async function exchange(
  endpoint: Endpoint,
  request: Buffer,
  isWhole: (got: Buffer) => boolean
): Promise<Buffer | undefined> {
  return await new Promise((resolve) => {
    let got = Buffer.alloc(0)
    const socket = connect(endpoint)
    const end = (answer: Buffer | undefined) => {
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(() => end(undefined), ANSWER_WAIT_MS)
    socket.once('close', () => clearTimeout(timer))
    socket.once('connect', () => (request.length === 0 ? end(got) : socket.write(request)))
    socket.on('data', (part) => {
      got = Buffer.concat([got, part])
      if (isWhole(got)) {
        end(got)
      }
    })
    socket.once('error', () => end(undefined))
    socket.once('end', () => end(undefined))
  })
}

/** Metadata, version 1, of no topics: brokers and controller only. */
function kafkaMetadataRequest(): Buffer {
  const request = Buffer.alloc(4 + 2 + 2 + 4 + 2 + 4)
  request.writeInt32BE(request.length - 4, 0)
  request.writeInt16BE(3, 4)
  request.writeInt16BE(1, 6)
  request.writeInt32BE(1, 8)
  request.writeInt16BE(-1, 12)
  request.writeInt32BE(0, 14)
  return request
}

function isWholeKafkaFrame(got: Buffer): boolean {
  return got.length >= 4 && got.length >= 4 + got.readInt32BE(0)
}

/** Reads size, correlation id, [node, host, port, rack], controller. */
function hasKafkaBroker(answer: Buffer): boolean {
  const brokers = answer.readInt32BE(8)
  let at = 12
  for (let broker = 0; broker < brokers; broker += 1) {
    at += 4
    at += 2 + answer.readInt16BE(at) + 4
    at += 2 + Math.max(0, answer.readInt16BE(at))
  }
  return brokers > 0 && answer.readInt32BE(at) >= 0
}

// BSON: a double named "ok" with the value 1.
const MONGO_OK = Buffer.concat([
  Buffer.from([0x01]),
  Buffer.from('ok\0'),
  Buffer.from([0, 0, 0, 0, 0, 0, 0xf0, 0x3f])
])

/** OP_MSG { listDatabases: 1, nameOnly: true, $db: 'admin' }. */
function mongoListDatabases(): Buffer {
  const fields = Buffer.concat([
    Buffer.from('\x10listDatabases\0\x01\0\0\0', 'latin1'),
    Buffer.from('\x08nameOnly\0\x01', 'latin1'),
    Buffer.from('\x02$db\0\x06\0\0\0admin\0', 'latin1')
  ])
  const message = Buffer.alloc(16 + 4 + 1 + 4 + fields.length + 1)
  message.writeInt32LE(message.length, 0)
  message.writeInt32LE(1, 4)
  message.writeInt32LE(2013, 12)
  message.writeInt32LE(4 + fields.length + 1, 21)
  fields.copy(message, 25)
  return message
}

function isWholeMongoMessage(got: Buffer): boolean {
  return got.length >= 4 && got.length >= got.readInt32LE(0)
}

/** StartupMessage, protocol 3.0. */
function postgresStartup(): Buffer {
  const parameters = Buffer.from('user\0postgres\0database\0postgres\0\0')
  const message = Buffer.alloc(8 + parameters.length)
  message.writeInt32BE(message.length, 0)
  message.writeInt32BE(196_608, 4)
  parameters.copy(message, 8)
  return message
}
