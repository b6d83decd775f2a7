import { beforeEach, describe, expect, test } from 'vitest'
import { createLocalCodec, type Ride, type RideEventType } from '../../avro/index.ts'
import { createFakeClock, createMetrics, type FakeClock } from '../../core/index.ts'
import { createPolicy } from '../../domain/index.ts'
import { PushBook, type PushFrame } from '../../test/support/push-book.ts'
import type { UpgradeSocket } from '../http/index.ts'
import { aRide, aRideEvent } from '../testing/builders.ts'
import { PushConnection } from './connection.ts'
import { EventRing } from './event-ring.ts'
import { EventFrames, type Frame } from './frames.ts'
import { createPushMetrics } from './push-metrics.ts'
import { followsNothing } from './sight.ts'

const codec = createLocalCodec()
const policy = createPolicy({ timeScale: 1 })
const rideId = 'a'.repeat(32)
const limits = {
  bufferBytes: 4_000,
  slowMsMax: 30_000,
  heartbeatMs: 10_000,
  helloMs: 5_000,
  ridesMax: 3,
  actionsMax: 5
}

/** A socket whose client takes frames only when told to. */
class StubbornSocket implements UpgradeSocket {
  isPaused = false
  readonly taken: PushFrame[] = []
  closed: number | null = null
  #buffer: string[] = []

  get bufferedBytes(): number {
    return this.#buffer.reduce((bytes, text) => bytes + text.length, 0)
  }

  send(text: string) {
    if (this.isPaused) {
      this.#buffer.push(text)
      return 'buffered' as const
    }
    this.taken.push(JSON.parse(text) as PushFrame)
    return 'sent' as const
  }

  take(): void {
    this.isPaused = false
    for (const text of this.#buffer.splice(0)) this.taken.push(JSON.parse(text) as PushFrame)
  }

  close(code: number): void {
    this.closed = code
  }

  destroy(): void {}
}

let clock: FakeClock
let socket: StubbornSocket
let ring: EventRing
let connection: PushConnection
let ride: Ride
let reads: number
let canRead: boolean

const framesOf = (event: { value: Buffer }) =>
  new EventFrames(codec.decode('RideEvent', event.value), policy)

const open = (eventsMax = 1_000): void => {
  ring = new EventRing({ ridesMax: 100, eventsMax, bytesMax: 10_000_000 })
  socket = new StubbornSocket()
  connection = new PushConnection(
    {
      clock,
      limits,
      policy,
      ring,
      metrics: createPushMetrics(createMetrics()),
      watch: { add: () => undefined, remove: () => undefined },
      onViewer: () => undefined,
      framesOf,
      read: (reader) => {
        reads += 1
        if (canRead) reader.onSnapshot({ rides: new Map([[rideId, ride]]), actions: [] })
        else reader.onSnapshotFailed()
      },
      behindMs: () => 7
    },
    socket,
    { role: 'customer', subject: 'c-1', expiresAtMs: clock.now() + 3_600_000 }
  )
}

const greet = (): void =>
  connection.greet({ have: new Map(), dropped: [], follows: followsNothing })

const happen = (type: RideEventType, change: Partial<Ride> = {}): void => {
  ride = { ...ride, ...change, seq: ride.seq + 1 }
  const { seq, status, customerId, driverId } = ride
  const value = codec.encode('RideEvent', aRideEvent(type, ride))
  const event = { rideId: ride.rideId, seq, type, status, customerId, driverId, value }
  ring.add(event)
  connection.notice(event, () => framesOf(event))
}

const position = (driverId: string, lat: number): void =>
  connection.noticePosition(rideId, driverId, frameOf('position', { rideId, lat }))

const frameOf = (kind: Frame['kind'], body: object): Frame => ({
  kind,
  text: JSON.stringify({ type: kind, ...body }),
  atMs: clock.now()
})

/** Ticks as the hub does. */
const pass = async (ms: number): Promise<void> => {
  for (let passed = 0; passed < ms; passed += 250) {
    await clock.advance(250)
    connection.tick()
  }
}

const anomalies = (): string[] => {
  const book = new PushBook()
  for (const frame of socket.taken) book.take(frame)
  return book.anomalies
}

beforeEach(() => {
  clock = createFakeClock(1_700_000_000_000)
  ride = aRide({ rideId, status: 'ACCEPTED', driverId: 'd-1' })
  reads = 0
  canRead = true
  open()
})

describe('a client that stops taking frames', () => {
  test('costs no more than its buffer, and gets every event from the ring when it goes on', () => {
    greet()
    socket.isPaused = true
    for (let index = 0; index < 500; index += 1) happen('RIDE_RATED')
    expect(socket.bufferedBytes).toBeLessThanOrEqual(limits.bufferBytes)
    socket.take()
    connection.onDrain()
    expect(socket.taken).toHaveLength(501)
    expect(socket.taken.at(-1)).toMatchObject({ seq: 501 })
    expect([anomalies(), reads]).toEqual([[], 1])
  })

  test('gets a snapshot that says so when the ring has lost what it missed', () => {
    open(3)
    greet()
    socket.isPaused = true
    for (let index = 0; index < 500; index += 1) happen('RIDE_RATED')
    socket.take()
    connection.onDrain()
    expect(socket.taken.at(-1)).toMatchObject({ type: 'snapshot', resync: true })
    expect(socket.taken.at(-1)?.['rides']).toMatchObject([{ rideId, seq: 501 }])
    happen('RIDE_RATED')
    expect(socket.taken.at(-1)).toMatchObject({ type: 'ride', seq: 502 })
    expect([anomalies(), reads]).toEqual([[], 2])
  })

  test('gets the latest position of each ride and none in between', () => {
    greet()
    position('d-1', 1)
    socket.isPaused = true
    position('d-1', 2)
    for (let lat = 3; lat < 1_000; lat += 1) position('d-1', lat)
    expect(socket.bufferedBytes).toBeLessThan(200)
    socket.take()
    connection.onDrain()
    const lats = socket.taken.filter(({ type }) => type === 'position').map(({ lat }) => lat)
    expect(lats).toEqual([1, 2, 999])
  })

  test('never gets the position of a driver who has left', () => {
    greet()
    socket.isPaused = true
    for (let index = 0; index < 20; index += 1) happen('RIDE_RATED')
    position('d-1', 1)
    happen('RIDE_REALLOCATED', { status: 'REQUESTED', driverId: null })
    socket.take()
    connection.onDrain()
    position('d-1', 2)
    expect(socket.taken.filter(({ type }) => type === 'position')).toEqual([])
    expect(socket.taken.at(-1)).toMatchObject({ event: 'ride_reallocated' })
  })

  test('gets outcomes later, or a snapshot with them when there are too many', () => {
    greet()
    const outcome = (index: number) =>
      connection.noticeAction(frameOf('action', { actionId: `x-${index}`, pad: 'x'.repeat(3_000) }))
    socket.isPaused = true
    for (let index = 0; index < 4; index += 1) outcome(index)
    socket.take()
    connection.onDrain()
    expect(socket.taken.filter(({ type }) => type === 'action')).toHaveLength(4)
    socket.isPaused = true
    for (let index = 0; index < 20; index += 1) outcome(index)
    socket.take()
    connection.onDrain()
    const snapshots = socket.taken.filter(({ type }) => type === 'snapshot')
    expect(snapshots.map(({ resync }) => resync)).toEqual([false, true])
  })

  test('is closed with 1013 when it stays behind for too long, and not before', async () => {
    greet()
    socket.isPaused = true
    for (let index = 0; index < 20; index += 1) happen('RIDE_RATED')
    await pass(29_000)
    expect(socket.closed).toBeNull()
    await pass(1_250)
    expect(socket.closed).toBe(1013)
  })

  test('starts its time anew once it has caught up', async () => {
    greet()
    for (let round = 0; round < 4; round += 1) {
      socket.isPaused = true
      for (let index = 0; index < 20; index += 1) happen('RIDE_RATED')
      await pass(20_000)
      socket.take()
      connection.onDrain()
    }
    expect([socket.closed, anomalies()]).toEqual([null, []])
  })
})

describe('a snapshot that cannot be read', () => {
  test('is asked for again, while heartbeats go on, until it comes', async () => {
    canRead = false
    greet()
    await pass(12_000)
    expect(reads).toBeGreaterThan(5)
    expect(socket.taken.map(({ type }) => type)).toEqual(['heartbeat'])
    canRead = true
    await pass(2_000)
    expect(socket.taken.at(-1)).toMatchObject({ type: 'snapshot', rides: [{ seq: 1 }] })
  })

  test('ends the connection with 1013 when it does not come in time', async () => {
    canRead = false
    greet()
    await pass(30_500)
    expect(socket.closed).toBe(1013)
  })
})

test('events while the snapshot is read come after it, whatever it says', () => {
  let answer = (): void => undefined
  const stored = ride
  const late = new PushConnection(
    {
      clock,
      limits,
      policy,
      ring,
      metrics: createPushMetrics(createMetrics()),
      watch: { add: () => undefined, remove: () => undefined },
      onViewer: () => undefined,
      framesOf,
      read: (reader) => {
        answer = () => reader.onSnapshot({ rides: new Map([[rideId, stored]]), actions: [] })
      },
      behindMs: () => 0
    },
    socket,
    { role: 'customer', subject: 'c-1', expiresAtMs: clock.now() + 3_600_000 }
  )
  connection = late
  greet()
  happen('DRIVER_ARRIVED', { status: 'ARRIVED' })
  expect(socket.taken).toEqual([])
  answer()
  happen('RIDE_STARTED', { status: 'STARTED' })
  expect(socket.taken).toMatchObject([
    { type: 'snapshot', rides: [{ seq: 2, status: 'arrived' }] },
    { type: 'ride', seq: 3 }
  ])
})

test('nothing is sent once the token has ended', async () => {
  greet()
  await clock.advance(3_600_000)
  happen('DRIVER_ARRIVED', { status: 'ARRIVED' })
  expect(socket.closed).toBe(4001)
  expect(socket.taken.map(({ type }) => type)).toEqual(['snapshot'])
})
