import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLocalCodec, type Ride, type RideEventType } from '../../avro/index.ts'
import { createFakeClock, createMetrics } from '../../core/index.ts'
import { createPolicy, isEndedStatus } from '../../domain/index.ts'
import { isSwitchedOff } from '../../test/support/config.ts'
import { PushBook, type PushFrame } from '../../test/support/push-book.ts'
import type { VerifiedIdentity } from '../http/index.ts'
import { aRide, aRideEvent } from '../testing/builders.ts'
import { type ConnectionDeps, PushConnection } from './connection.ts'
import { EventRing, type RingEvent } from './event-ring.ts'
import { EventFrames } from './frames.ts'
import { createPushMetrics } from './push-metrics.ts'
import { followsNothing } from './sight.ts'
import type { SnapshotRead } from './snapshot-plan.ts'

const codec = createLocalCodec()
const policy = createPolicy({ timeScale: 1 })
const rideIds = ['a', 'b', 'c'].map((letter) => letter.repeat(32))
const limits = {
  bufferBytes: 3_000,
  slowMsMax: 1_000_000,
  heartbeatMs: 1_000_000,
  helloMs: 1_000_000,
  ridesMax: 100,
  actionsMax: 5
}

/** Something that happens to the world of one client. */
type Step =
  | { kind: 'event'; ride: number }
  | { kind: 'deliver' | 'apply' | 'answer' | 'take' | 'pause' | 'cut' | 'tick' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('event' as const), ride: fc.nat(2) }) },
  {
    weight: 9,
    arbitrary: fc.constantFrom(
      { kind: 'deliver' as const },
      { kind: 'deliver' as const },
      { kind: 'deliver' as const },
      { kind: 'apply' as const },
      { kind: 'answer' as const },
      { kind: 'take' as const },
      { kind: 'pause' as const },
      { kind: 'cut' as const },
      { kind: 'tick' as const }
    )
  }
)

/**
 * One client and everything around it: rides that move on, a tail and stores that follow, each in its
 * own time, a socket whose client pauses, a connection that is cut and comes back.
 */
class World {
  readonly clock = createFakeClock(1_700_000_000_000)
  readonly book = new PushBook()
  readonly rides = new Map<string, Ride>()
  readonly #identity: VerifiedIdentity
  readonly #ring: EventRing
  readonly #metrics = createPushMetrics(createMetrics())
  /** Events of the log that the tail has not read yet. */
  #untailed: RingEvent[] = []
  /** What the stores show: older than the log, older or newer than the tail. */
  #stored = new Map<string, Ride>()
  #history: Map<string, Ride>[] = []
  #isPaused = false
  #buffer: string[] = []
  #asked: (() => void)[] = []
  #connection: PushConnection

  constructor(role: 'customer' | 'driver', eventsMax: number) {
    this.#identity = {
      role,
      subject: role === 'customer' ? 'c-1' : 'd-1',
      expiresAtMs: Number.POSITIVE_INFINITY
    }
    this.#ring = new EventRing({ ridesMax: 10, eventsMax, bytesMax: 1_000_000 })
    this.#connection = this.#connect()
  }

  do(step: Step): void {
    switch (step.kind) {
      case 'event':
        this.#happen(rideIds[step.ride] ?? '')
        return
      case 'deliver':
        this.#deliver()
        return
      case 'apply':
        this.#stored = this.#history.shift() ?? new Map(this.rides)
        return
      case 'answer':
        this.#asked.shift()?.()
        return
      case 'pause':
        this.#isPaused = true
        return
      case 'take':
        this.#take(this.#buffer.length)
        return
      case 'cut':
        this.#connection.end()
        this.#buffer = []
        this.#asked = []
        this.#connection = this.#connect()
        return
      default:
        this.#connection.tick()
    }
  }

  /** Everything comes to rest: the client takes all, the stores catch up. */
  async rest(): Promise<void> {
    this.#stored = new Map(this.rides)
    while (this.#untailed.length > 0) this.#deliver()
    for (let turn = 0; turn < 20; turn += 1) {
      this.#take(this.#buffer.length)
      this.#asked.shift()?.()
      await this.clock.advance(1_000)
      this.#connection.tick()
    }
  }

  #connect(): PushConnection {
    const { clock } = this
    const bufferedBytes = (): number => this.#buffer.reduce((bytes, text) => bytes + text.length, 0)
    const connection: PushConnection = new PushConnection(
      {
        clock,
        limits,
        policy,
        metrics: this.#metrics,
        ring: isSwitchedOff('no-replay') ? forgetful(this.#ring) : this.#ring,
        watch: { add: () => undefined, remove: () => undefined },
        onViewer: () => undefined,
        framesOf: (event) => this.#framesOf(event),
        read: () => this.#asked.push(() => connection.onSnapshot(this.#read())),
        behindMs: () => 0
      },
      {
        send: (text) => {
          if (this.#isPaused) {
            this.#buffer.push(text)
            return 'buffered'
          }
          this.book.take(JSON.parse(text) as PushFrame)
          return 'sent'
        },
        close: () => undefined,
        destroy: () => undefined,
        get bufferedBytes() {
          return bufferedBytes()
        }
      },
      this.#identity
    )
    connection.greet({
      have: new Map(Object.entries(this.book.connect())),
      dropped: [],
      follows: followsNothing
    })
    return connection
  }

  #framesOf(event: RingEvent): EventFrames {
    return new EventFrames(codec.decode('RideEvent', event.value), policy)
  }

  #read(): SnapshotRead {
    return { rides: new Map(this.#stored), actions: [] }
  }

  #take(frames: number): void {
    this.#isPaused = false
    for (const text of this.#buffer.splice(0, frames)) this.book.take(JSON.parse(text) as PushFrame)
    this.#connection.onDrain()
  }

  #happen(rideId: string): void {
    const before = this.rides.get(rideId) ?? null
    const next = nextOf(before, rideId)
    if (next === null) return
    this.#history.push(new Map(this.rides))
    this.rides.set(rideId, next.ride)
    const event = aRideEvent(next.type, next.ride)
    const { seq, status, customerId, driverId } = next.ride
    const value = codec.encode('RideEvent', event)
    this.#untailed.push({ rideId, seq, type: next.type, status, customerId, driverId, value })
  }

  #deliver(): void {
    const event = this.#untailed.shift()
    if (event === undefined || !this.#ring.add(event)) return
    this.#connection.notice(event, () => this.#framesOf(event))
  }
}

/** A ring that believes nobody to have missed anything, for the test that shows who notices. */
const forgetful = (ring: EventRing): ConnectionDeps['ring'] => ({
  after: () => [],
  from: (rideId, seq) => ring.from(rideId, seq),
  at: (rideId, seq) => ring.at(rideId, seq),
  last: (rideId) => ring.last(rideId),
  openRidesOf: (party) => ring.openRidesOf(party)
})

const withDriver = (rideId: string, driverId: string): Partial<Ride> => ({
  status: 'PENDING_ACCEPTANCE',
  driverId,
  offerId: `${rideId}/1/${driverId}`,
  matchedAt: 1_700_000_000_000
})
const withoutDriver: Partial<Ride> = { status: 'REQUESTED', driverId: null, offerId: null }

/** A ride's life: two drivers are lost, then one takes it. */
const life = (rideId: string): readonly [RideEventType, Partial<Ride>][] => [
  ['RIDE_REQUESTED', {}],
  ['RIDE_MATCHED', withDriver(rideId, 'd-1')],
  ['OFFER_EXPIRED', withoutDriver],
  ['RIDE_MATCHED', withDriver(rideId, 'd-2')],
  ['OFFER_DECLINED', withoutDriver],
  ['RIDE_MATCHED', withDriver(rideId, 'd-1')],
  ['RIDE_ACCEPTED', { status: 'ACCEPTED' }],
  ['DRIVER_ARRIVED', { status: 'ARRIVED' }],
  ['RIDE_STARTED', { status: 'STARTED' }],
  ['RIDE_COMPLETED', { status: 'COMPLETED' }],
  ['RIDE_RATED', { riderRating: 5 }]
]

const nextOf = (before: Ride | null, rideId: string) => {
  const seq = before?.seq ?? 0
  const next = life(rideId)[seq]
  if (next === undefined) return null
  const [type, change] = next
  const ride: Ride = { ...(before ?? aRide({ rideId })), ...change, seq: seq + 1 }
  return { type, ride }
}

const isTold = (world: World, role: 'customer' | 'driver', ride: Ride): boolean => {
  const known = world.book.ride(ride.rideId)
  const isMine = role === 'customer' || ride.driverId === 'd-1'
  if (known !== undefined) return isMine && known.seq === ride.seq
  // Who comes after the end never hears of it.
  return !isMine || isEndedStatus(ride.status)
}

test.each([
  ['customer', 64],
  ['customer', 2],
  ['driver', 64],
  ['driver', 2]
] as const)(
  'a %s misses nothing and hears nothing twice, with %i events of a ride kept',
  async (role, eventsMax) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        const world = new World(role, eventsMax)
        for (const each of steps) world.do(each)
        await world.rest()
        expect(world.book.anomalies).toEqual([])
        expect([...world.rides.values()].filter((ride) => !isTold(world, role, ride))).toEqual([])
      }),
      { numRuns: 250 }
    )
  }
)
