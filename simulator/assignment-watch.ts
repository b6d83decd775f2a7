/**
 * A driver's view of what they have to deal with: by push, and while that is not live by one long poll
 * after the other. Whoever acts on an assignment asks how long it stays the same, so that a ride
 * cancelled under way stops the drive.
 *
 * @module
 */
import type { Point } from '../domain/index.ts'
import type { ActorApi } from './actor-api.ts'
import { recordOf } from './json-record.ts'
import type { PushFrame } from './push-book.ts'
import type { PushClient } from './push-client.ts'
import type { Scene } from './scene.ts'
import { Wakers } from './wakers.ts'

/** An assignment as the API tells it. */
export type SeenAssignment = {
  readonly kind: 'none' | 'offer' | 'ride'
  readonly version: string
  readonly rideId: string
  readonly offerId: string
  /** Status of a ride, lower case. */
  readonly status: string
  readonly pickup: Point | null
  readonly dropoff: Point | null
}

const waitSeconds = 15
/** An answer is a round trip later than the wait; more means the connection is dead. */
const timeoutMs = (waitSeconds + 10) * 1_000
/** Wait after an answer that makes no sense here, such as 404 right after a sign-up. */
const retryMs = 1_000
/** While push is live there is nothing to do here; any longer would do. */
const liveLookMs = 10_000

const nothing: SeenAssignment = {
  kind: 'none',
  version: 'none',
  rideId: '',
  offerId: '',
  status: '',
  pickup: null,
  dropoff: null
}

/** See the module. */
export class AssignmentWatch {
  readonly #scene: Scene
  readonly #api: ActorApi
  readonly #driverId: string
  readonly #push: PushClient | null
  #current: SeenAssignment = nothing
  readonly #wakers: Wakers

  constructor(options: { scene: Scene; api: ActorApi; driverId: string; push?: PushClient }) {
    this.#scene = options.scene
    this.#wakers = new Wakers(options.scene)
    this.#api = options.api
    this.#driverId = options.driverId
    this.#push = options.push ?? null
  }

  get current(): SeenAssignment {
    return this.#current
  }

  /** Polls while push is not live, until the simulation stops. */
  async run(): Promise<void> {
    const { clock, signal } = this.#scene
    while (!signal.aborted) {
      if (this.#isPushed) {
        await this.#push?.news(liveLookMs)
        continue
      }
      const seen = await this.#poll()
      // What push has told meanwhile is newer.
      if (this.#isPushed) continue
      if (seen === null) await clock.sleep(retryMs, signal)
      else this.#see(seen)
    }
  }

  /** Takes what push tells. */
  take(frame: PushFrame): void {
    const seen = seenIn(frame, this.#current)
    if (seen !== null) this.#see(seen)
  }

  /** True when `seen` was current for the whole of `durationMs`, false as soon as it is not. */
  async stays(seen: SeenAssignment, durationMs: number): Promise<boolean> {
    this.#scene.signal.throwIfAborted()
    if (this.#current !== seen) return false
    await this.#wakers.wait(durationMs)
    return this.#current === seen
  }

  get #isPushed(): boolean {
    return this.#push?.isLive === true
  }

  #see(seen: SeenAssignment): void {
    if (seen.version === this.#current.version) return
    this.#current = seen
    this.#wakers.wake()
  }

  async #poll(): Promise<SeenAssignment | null> {
    const version = encodeURIComponent(this.#current.version)
    const path = `/drivers/${this.#driverId}/assignment?wait=${waitSeconds}&version=${version}`
    const { signal, pushLog } = this.#scene
    const push = this.#push
    if (push === null) return this.#ask(path, signal)
    pushLog.pollsWhileDown += 1
    try {
      return await this.#ask(path, AbortSignal.any([signal, push.liveSignal]))
    } catch (error) {
      if (!push.isLive) throw error
      return null
    }
  }

  async #ask(path: string, signal: AbortSignal): Promise<SeenAssignment | null> {
    const { status, body } = await this.#api.get(path, { timeoutMs, signal })
    return status === 200 ? parseAssignment(body) : null
  }
}

/** What a frame says about the assignment; null when it says nothing. */
export function seenIn(frame: PushFrame, current: SeenAssignment): SeenAssignment | null {
  const { type, rideId, seq } = frame
  if (type === 'snapshot' || type === 'offer') return parseAssignment(recordOf(frame['assignment']))
  if (type === 'assignment') return rideId === current.rideId ? nothing : null
  if (type !== 'ride') return null
  const ride = recordOf(frame['ride'])
  const isUnderWay = underWay.has(textOf(ride['status']))
  if (!isUnderWay) return rideId === current.rideId ? nothing : null
  const version = `ride:${String(rideId)}:${String(seq)}`
  return parseAssignment({ kind: 'ride', version, rideId, status: ride['status'], ride })
}

/** Statuses of a ride that its driver is on. */
const underWay = new Set(['accepted', 'arrived', 'started'])

/** Reads an answer; null when it is none. */
export function parseAssignment(body: Readonly<Record<string, unknown>>): SeenAssignment | null {
  const { kind, version } = body
  if (kind !== 'none' && kind !== 'offer' && kind !== 'ride') return null
  if (typeof version !== 'string') return null
  const ride = recordOf(body['ride'])
  return {
    kind,
    version,
    rideId: textOf(body['rideId']),
    offerId: textOf(body['offerId'] ?? ride['offerId']),
    status: textOf(body['status']),
    pickup: pointOf(body['pickup'] ?? ride['pickup']),
    dropoff: pointOf(body['dropoff'] ?? ride['dropoff'])
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function pointOf(value: unknown): Point | null {
  const { lat, lon } = recordOf(value)
  return typeof lat === 'number' && typeof lon === 'number' ? { lat, lon } : null
}
