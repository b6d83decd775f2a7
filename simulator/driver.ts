/**
 * One driver: signed up, online, answering offers and driving trips. Acts on what the assignment
 * says and on nothing else; `trip.ts` is what happens with a ride.
 *
 * @module
 */
import type { Point } from '../domain/index.ts'
import { type ActorApi, createActorApi } from './actor-api.ts'
import { ApiSilentError } from './api-client.ts'
import { AssignmentWatch, type SeenAssignment } from './assignment-watch.ts'
import { createDice, type Dice } from './dice.ts'
import { answerOf } from './habits.ts'
import { headingOf, type Leg, placeOn, roadSpeed, startLeg } from './movement.ts'
import { PushClient } from './push-client.ts'
import type { Scene } from './scene.ts'
import { doTripStep, type TripMemory } from './trip.ts'

/** What a driver is busy with, for progress lines. */
export type DriverMood = 'offline' | 'idle' | 'offered' | 'busy'

/** A position as it is reported. */
export type PositionReport = {
  readonly place: Point
  readonly headingDegrees: number | null
  readonly speedMps: number | null
}

/** Time a driver looks at an offer, as a share of its life. */
const thinkShareMax = 0.12
/** An answer that changed nothing is sent again after so long, ms. */
const resendMs = 8_000
/** A break, ms. */
const breakMs = { from: 3_000, to: 8_000 }
/** Attempts to go online: the registration may still be on its way. */
const onlineAttemptsMax = 10

/** See the module. */
export class SimulatedDriver {
  readonly id: string
  readonly scene: Scene
  readonly api: ActorApi
  readonly dice: Dice
  readonly watch: AssignmentWatch
  readonly push: PushClient
  /** Somebody else's phone, for actions on rides that are not theirs. */
  readonly stranger: () => SimulatedDriver
  sessionId: string | null = null
  /** Wall clock ms of the last position report. */
  pingedAtMs = 0
  #place: Point
  #leg: Leg | null = null
  #isOnline = false
  #trip: TripMemory | null = null
  #answered = new Map<string, string>()

  constructor(options: {
    id: string
    index: number
    token: string
    place: Point
    scene: Scene
    stranger: () => SimulatedDriver
  }) {
    const { id, index, token, place, scene, stranger } = options
    this.id = id
    this.scene = scene
    this.stranger = stranger
    const { baseUrl, clock, pushLog: log, signal } = scene
    this.push = new PushClient({
      baseUrl,
      token,
      clock,
      log,
      signal,
      onFrame: (frame) => this.watch.take(frame)
    })
    this.api = createActorApi(scene, token, this.push)
    this.dice = createDice(scene.seed, 10_000 + index)
    this.watch = new AssignmentWatch({ scene, api: this.api, driverId: id, push: this.push })
    this.#place = place
  }

  get isOnline(): boolean {
    return this.#isOnline
  }

  get isMoving(): boolean {
    return this.#leg !== null
  }

  get mood(): DriverMood {
    const { kind } = this.watch.current
    if (kind === 'ride') return 'busy'
    if (kind === 'offer') return 'offered'
    return this.#isOnline ? 'idle' : 'offline'
  }

  /** Where the car is now. */
  get place(): Point {
    return this.#leg === null ? this.#place : placeOn(this.#leg, this.scene.clock.now())
  }

  report(): PositionReport {
    const leg = this.#leg
    if (leg === null) return { place: this.#place, headingDegrees: null, speedMps: 0 }
    const { timezone, clock } = this.scene
    // What a real car would show: the sped-up world is a matter of the clock, not of the car.
    const speedMps = roadSpeed({ atMs: clock.now(), timezone, timeScale: 1 })
    return { place: this.place, headingDegrees: headingOf(leg), speedMps }
  }

  /** Begins a session and waits until it is decided. */
  async goOnline(): Promise<void> {
    for (let attempt = 1; attempt <= onlineAttemptsMax; attempt += 1) {
      const { status, body } = await this.api.post(`/drivers/${this.id}/online`, {
        place: this.place
      })
      const { actionId, sessionId } = body
      if (status === 202 && typeof actionId === 'string' && typeof sessionId === 'string') {
        const outcome = await this.api.outcomeOf(actionId)
        if (outcome.status !== 'refused') {
          this.sessionId = sessionId
          this.#isOnline = true
          return
        }
      }
      await this.scene.clock.sleep(500 * attempt, this.scene.signal)
    }
    throw new Error(`expected driver ${this.id} to get online within ${onlineAttemptsMax} attempts`)
  }

  async goOffline(): Promise<void> {
    await this.api.act(`/drivers/${this.id}/offline`, {})
    this.#isOnline = false
  }

  /** Works until the simulation stops. */
  async run(): Promise<void> {
    const { signal, clock, figures, logger } = this.scene
    const watching = this.#surviving(() => this.watch.run())
    while (!signal.aborted) {
      const seen = this.watch.current
      try {
        await this.#handle(seen)
        await this.watch.stays(seen, resendMs)
      } catch (error) {
        if (signal.aborted) break
        if (!(error instanceof ApiSilentError)) {
          figures.add('faults')
          logger.warn({ driverId: this.id, error }, 'a simulated driver failed at a step')
        }
        await clock.sleep(1_000, signal).catch(() => {})
      }
    }
    await watching
  }

  /** Drives there; false when the assignment changed under way. */
  async driveTo(to: Point, seen: SeenAssignment): Promise<boolean> {
    const { clock, timezone, policy } = this.scene
    const nowMs = clock.now()
    const roadMetersPerSecond = roadSpeed({ atMs: nowMs, timezone, timeScale: policy.timeScale })
    const leg = startLeg(this.place, to, { startedMs: nowMs, roadMetersPerSecond })
    this.#leg = leg
    try {
      return await this.watch.stays(seen, leg.durationMs)
    } finally {
      this.#place = placeOn(leg, clock.now())
      this.#leg = null
    }
  }

  async #handle(seen: SeenAssignment): Promise<void> {
    switch (seen.kind) {
      case 'offer':
        return this.#answer(seen)
      case 'ride':
        this.#trip = await doTripStep(this, seen, this.#trip)
        return
      case 'none':
        return this.#rest(seen)
      default:
        seen.kind satisfies never
    }
  }

  async #answer(seen: SeenAssignment): Promise<void> {
    const { policy, habits, figures } = this.scene
    const { rideId, offerId } = seen
    const isNew = !this.#answered.has(offerId)
    const answer = this.#answered.get(offerId) ?? answerOf(habits, this.dice)
    if (isNew) this.#answered = new Map([[offerId, answer]])
    const isStill = await this.watch.stays(
      seen,
      this.dice.between(0, policy.offerMs * thinkShareMax)
    )
    if (!isStill) return
    switch (answer) {
      case 'accept':
        if (isNew) figures.add('accepts')
        await this.api.act('/driver_actions/accept', { rideId, offerId })
        return
      case 'decline':
        if (isNew) figures.add('declines')
        await this.api.act('/driver_actions/decline', { rideId, offerId })
        return
      case 'leave':
        if (!isNew) return
        figures.add('leavesAtOffer')
        return this.#takeBreak()
      default:
        if (isNew) figures.add('ignores')
    }
  }

  /** Nothing to do; after a trip some go for a coffee. */
  async #rest(seen: SeenAssignment): Promise<void> {
    const { habits, figures } = this.scene
    const isAfterTrip = this.#trip !== null
    this.#trip = null
    if (!isAfterTrip || !this.dice.chance(habits.breakShare)) return
    if (!(await this.watch.stays(seen, 500))) return
    figures.add('breaks')
    await this.#takeBreak()
  }

  async #takeBreak(): Promise<void> {
    await this.goOffline()
    await this.scene.clock.sleep(this.dice.between(breakMs.from, breakMs.to), this.scene.signal)
    await this.goOnline()
  }

  async #surviving(work: () => Promise<void>): Promise<void> {
    const { signal, clock } = this.scene
    while (!signal.aborted) {
      try {
        await work()
      } catch {
        // The API is silent for longer than the patience of a call: ask again.
        await clock.sleep(1_000, signal).catch(() => {})
      }
    }
  }
}
