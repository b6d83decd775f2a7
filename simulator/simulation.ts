/**
 * A whole simulation: a fleet and customers sign up, drivers go online, requests are replayed, and
 * every ride is followed to its end. It speaks to the service by its public API alone.
 *
 * @module
 */
import { setMaxListeners } from 'node:events'
import type { Clock, Logger } from '../core/index.ts'
import type { Point, Policy } from '../domain/index.ts'
import { createActorApi } from './actor-api.ts'
import { type ApiCounts, createApiClient } from './api-client.ts'
import { type Arrival, planArrivals, tripMetersWithin } from './arrivals.ts'
import { mapAtOnce } from './concurrency.ts'
import { type Customer, CustomerPool } from './customers.ts'
import { createDice } from './dice.ts'
import { type DriverMood, SimulatedDriver } from './driver.ts'
import { Figures } from './figures.ts'
import { type Habits, usualHabits } from './habits.ts'
import { createHttpClient } from './http-client.ts'
import { roadSpeed } from './movement.ts'
import { type PingIntervals, runPinger } from './pinger.ts'
import type { RecordedTrip } from './places-file.ts'
import type { PushBook } from './push-book.ts'
import { PushClient } from './push-client.ts'
import { PushLog } from './push-log.ts'
import { type LedgerCounts, RideLedger } from './ride-ledger.ts'
import { takeRide } from './rider.ts'
import type { Scene } from './scene.ts'
import { signUp } from './signup.ts'
import { createTokenMint } from './tokens.ts'

/** What to simulate. */
export type SimulationOptions = {
  /** Scheme, host and port of the API. */
  readonly baseUrl: string
  readonly jwtSecret: string
  readonly clock: Clock
  readonly logger: Logger
  readonly policy: Policy
  readonly timezone: string
  readonly seed: number
  readonly drivers: number
  readonly customers: number
  readonly trips: readonly RecordedTrip[]
  /** Drivers start at these places, in this order and then again from the first. */
  readonly starts: readonly Point[]
  /** Trips that would take longer than this are left out, wall seconds. */
  readonly tripSecondsMax: number
  readonly remote: { readonly share: number; readonly place: Point }
  readonly unserved: { readonly share: number; readonly place: Point }
  readonly pings: PingIntervals
  readonly habits?: Habits
}

/** The simulation at a glance. */
export type SimulationStatus = {
  readonly rides: LedgerCounts
  readonly drivers: Readonly<Record<DriverMood, number>>
  readonly signedUp: number
  readonly online: number
  /** Phones whose connection to push is live. */
  readonly listening: number
  readonly api: ApiCounts
  /** Recorded trips left out because they take too long for a demo. */
  readonly tripsLeftOut: number
}

/** Ended rides of a customer that are remembered to the end, to be judged; a hello names 100 rides at most. */
const endedRidesMax = 80
/** Calls in flight while everybody signs up. */
const signUpsAtOnce = 96
/** Position of two drivers who start at one recorded place, degrees apart (about 50 m). */
const startJitterDegrees = 0.0005

/** See the module. Call the steps in the order they are listed. */
export class Simulation {
  readonly ledger = new RideLedger()
  readonly figures = new Figures()
  readonly pushLog = new PushLog()
  readonly #options: SimulationOptions
  readonly #http: ReturnType<typeof createHttpClient>
  readonly #scene: Scene
  readonly #stop = new AbortController()
  readonly #drivers: SimulatedDriver[] = []
  readonly #customers: Customer[] = []
  readonly #work: Promise<void>[] = []
  #signedUp = 0
  #tripsLeftOut = 0

  constructor(options: SimulationOptions) {
    const { baseUrl, clock, logger, policy, timezone, seed, jwtSecret } = options
    this.#options = options
    this.#http = createHttpClient({ baseUrl, clock })
    // Each actor listens for the stop.
    setMaxListeners(0, this.#stop.signal)
    this.#scene = {
      clock,
      logger,
      baseUrl,
      pushLog: this.pushLog,
      api: createApiClient({ http: this.#http, clock }),
      tokens: createTokenMint({ secret: jwtSecret, clock }),
      policy,
      timezone,
      habits: options.habits ?? usualHabits,
      figures: this.figures,
      seed,
      absentRiders: new Set(),
      signal: this.#stop.signal
    }
  }

  /** Signs up everybody and waits until all are active. */
  async signUpAll(): Promise<void> {
    const { drivers, customers, seed } = this.#options
    const appToken = await this.#scene.tokens.mint(`app-${seed}`, 'signup')
    const people = [
      ...Array.from({ length: drivers }, (_, index) => ({ role: 'driver' as const, index })),
      ...Array.from({ length: customers }, (_, index) => ({ role: 'customer' as const, index }))
    ]
    await mapAtOnce(people, signUpsAtOnce, async ({ role, index }) => {
      const { id, token } = await signUp(this.#scene, { role, index, appToken })
      if (role === 'driver') this.#addDriver(id, index, token)
      else this.#addCustomer(id, token)
      this.#signedUp += 1
    })
  }

  /** Opens everybody's connection to push, and waits until all are live or the time is over. */
  async listen(waitMs: number): Promise<number> {
    const { clock, signal } = this.#scene
    for (const { push } of [...this.#drivers, ...this.#customers]) this.#work.push(push.run())
    const untilMs = clock.monotonic() + waitMs
    while (this.listening < this.#drivers.length + this.#customers.length) {
      if (clock.monotonic() >= untilMs) break
      await clock.sleep(100, signal)
    }
    return this.listening
  }

  /** Phones whose connection to push is live. */
  get listening(): number {
    return [...this.#drivers, ...this.#customers].filter(({ push }) => push.isLive).length
  }

  /** What push told each phone. */
  get pushBooks(): PushBook[] {
    return [...this.#drivers, ...this.#customers].map(({ push }) => push.book)
  }

  /** The last a customer was told of an own ride by push; null when nothing. */
  toldOf(rideId: string, customerId: string): string | null {
    const customer = this.#customers.find(({ id }) => id === customerId)
    return customer?.push.book.ride(rideId)?.status ?? null
  }

  /** Brings the fleet online; from here on drivers report and answer. */
  async goOnline(): Promise<void> {
    await mapAtOnce(this.#drivers, signUpsAtOnce, (driver) => driver.goOnline())
    this.#work.push(runPinger(this.#scene, this.#drivers, this.#options.pings))
    for (const driver of this.#drivers) this.#work.push(driver.run())
  }

  /**
   * Sends requests for so many seconds at a mean rate a second; resolves when the last was sent, while
   * rides go on.
   */
  async runLoad(load: { readonly seconds: number; readonly rate: number }): Promise<void> {
    const { clock, policy, timezone, habits } = this.#scene
    const speed = roadSpeed({ atMs: clock.now(), timezone, timeScale: policy.timeScale })
    const { list, tooLong } = planArrivals({
      ...this.#options,
      ...load,
      tripMetersMax: tripMetersWithin(this.#options.tripSecondsMax, speed)
    })
    this.#tripsLeftOut = tooLong
    const pool = new CustomerPool(this.#customers)
    const startMs = clock.monotonic()
    for (const [index, arrival] of list.entries()) {
      const waitMs = startMs + arrival.atMs - clock.monotonic()
      if (waitMs > 0) await clock.sleep(waitMs, this.#scene.signal)
      const dice = createDice(this.#options.seed, 2_000_000 + index)
      const customer = dice.chance(habits.greedyShare) ? pool.busiest() : pool.next()
      this.#work.push(this.#ride({ customer, arrival, dice }))
    }
  }

  /** Waits until no request is without its end; the number still open when the time is over. */
  async settle(waitMs: number): Promise<number> {
    const { clock, signal } = this.#scene
    const untilMs = clock.monotonic() + waitMs
    for (;;) {
      const { asking, open } = this.ledger.counts()
      if (asking + open === 0 || clock.monotonic() >= untilMs) return asking + open
      await clock.sleep(200, signal)
    }
  }

  /** Reads every accepted ride once more: the last word of the API, by ride id. */
  async readRides(): Promise<Map<string, { status: string; feeMinor: number | null }>> {
    const byId = new Map(this.#customers.map((customer) => [customer.id, customer.api]))
    const found = new Map<string, { status: string; feeMinor: number | null }>()
    await mapAtOnce(this.ledger.accepted(), signUpsAtOnce, async ({ rideId, customerId }) => {
      const reply = await byId.get(customerId)?.get(`/rides/${rideId}`, { patienceMs: 10_000 })
      const { status, feeMinor } = reply?.body ?? {}
      if (rideId === null || reply?.status !== 200 || typeof status !== 'string') return
      found.set(rideId, { status, feeMinor: typeof feeMinor === 'number' ? feeMinor : null })
    })
    return found
  }

  status(): SimulationStatus {
    const drivers = { offline: 0, idle: 0, offered: 0, busy: 0 }
    for (const driver of this.#drivers) drivers[driver.mood] += 1
    return {
      rides: this.ledger.counts(),
      drivers,
      signedUp: this.#signedUp,
      online: this.#drivers.filter(({ isOnline }) => isOnline).length,
      listening: this.listening,
      api: this.#scene.api.counts(),
      tripsLeftOut: this.#tripsLeftOut
    }
  }

  /** Everybody puts the phone away. Idempotent. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the simulation stops'))
    await Promise.allSettled(this.#work)
    this.#http.close()
  }

  #addCustomer(id: string, token: string): void {
    const { baseUrl, clock, pushLog: log, signal } = this.#scene
    const bookLimits = { endedMax: endedRidesMax }
    const push = new PushClient({ baseUrl, token, clock, log, signal, bookLimits })
    const api = createActorApi(this.#scene, token, push)
    this.#customers.push({ id, api, push, openRides: 0 })
  }

  #addDriver(id: string, index: number, token: string): void {
    const { starts, seed } = this.#options
    const dice = createDice(seed, 3_000_000 + index)
    const start = starts[index % starts.length]
    if (start === undefined) throw new RangeError('expected places where drivers start, got none')
    const place = {
      lat: start.lat + dice.between(-startJitterDegrees, startJitterDegrees),
      lon: start.lon + dice.between(-startJitterDegrees, startJitterDegrees)
    }
    const stranger = (): SimulatedDriver => {
      const others = this.#drivers.filter((other) => other.id !== id)
      return dice.pick(others)
    }
    this.#drivers.push(
      new SimulatedDriver({ id, index, token, place, scene: this.#scene, stranger })
    )
  }

  async #ride(of: {
    customer: Customer
    arrival: Arrival
    dice: ReturnType<typeof createDice>
  }): Promise<void> {
    try {
      await takeRide({ scene: this.#scene, ledger: this.ledger, ...of })
    } catch (error) {
      if (this.#scene.signal.aborted) return
      this.figures.add('faults')
      this.#scene.logger.error({ error }, 'a simulated rider failed')
    }
  }
}
