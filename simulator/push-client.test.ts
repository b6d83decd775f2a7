import { afterEach, beforeEach, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { systemClock } from '../core/index.ts'
import { PushClient } from './push-client.ts'
import { PushLog } from './push-log.ts'

let server: WebSocketServer
let stop: AbortController
let hellos: { rides: Record<string, number> }[]
let sockets: WebSocket[]
let log: PushLog

beforeEach(async () => {
  server = new WebSocketServer({ port: 0, path: '/api/v1/stream' })
  await new Promise((resolve) => server.once('listening', resolve))
  stop = new AbortController()
  hellos = []
  sockets = []
  log = new PushLog()
  server.on('connection', (socket) => {
    sockets.push(socket)
    socket.on('message', (text) => hellos.push(JSON.parse(String(text))))
  })
})
afterEach(() => {
  stop.abort(new Error('over'))
  for (const socket of server.clients) socket.terminate()
  server.close()
})

const open = (): PushClient => {
  const { port } = server.address() as { port: number }
  const client = new PushClient({
    baseUrl: `http://127.0.0.1:${port}`,
    token: 't',
    clock: systemClock,
    log,
    signal: stop.signal
  })
  void client.run()
  return client
}

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await systemClock.sleep(2)
}

const tell = (frame: object): void => sockets.at(-1)?.send(JSON.stringify(frame))

const snapshot = (more: object = {}) => ({
  type: 'snapshot',
  heartbeatMs: 10_000,
  resync: false,
  rides: [],
  resumed: {},
  dropped: [],
  actions: [],
  ...more
})
const ride = (seq: number) => ({
  type: 'ride',
  rideId: 'r',
  seq,
  event: 'ride_requested',
  at: 1,
  ride: { rideId: 'r', seq, status: 'requested' }
})

test('says what it has when it comes back, and is live from the snapshot on', async () => {
  const client = open()
  await until(() => hellos.length === 1)
  expect([hellos[0], client.isLive]).toEqual([{ type: 'hello', rides: {} }, false])
  tell(snapshot())
  tell(ride(1))
  await until(() => client.book.ride('r') !== undefined)
  expect(client.isLive).toBe(true)
  sockets[0]?.close(1001)
  await until(() => hellos.length === 2)
  expect([hellos[1], client.isLive]).toEqual([{ type: 'hello', rides: { r: 1 } }, false])
  tell(snapshot({ resumed: { r: 1 } }))
  tell(ride(2))
  await until(() => client.book.ride('r')?.seq === 2)
  expect(client.book.anomalies).toEqual([])
  expect([log.connects, log.reconnects, log.closes]).toEqual([2, 1, { 1001: 1 }])
})

test('ends a connection on which nothing comes, and opens another', async () => {
  const client = open()
  await until(() => hellos.length === 1)
  tell(snapshot({ heartbeatMs: 20 }))
  await until(() => client.isLive)
  await until(() => hellos.length === 2)
  expect(log.closes).toEqual({ 1006: 1 })
}, 30_000)

test('wakes who waits for news, and knows outcomes told before', async () => {
  const client = open()
  await until(() => hellos.length === 1)
  const news = client.news(60_000)
  tell(snapshot({ actions: [{ actionId: 'x', status: 'applied' }] }))
  await news
  tell({ type: 'action', actionId: 'y', status: 'refused', reason: 'ride_ended' })
  await until(() => client.outcomeOf('y') !== undefined)
  expect(client.outcomeOf('x')).toMatchObject({ status: 'applied' })
  const waiting = expect(client.news(60_000)).rejects.toThrow('over')
  stop.abort(new Error('over'))
  await waiting
})
