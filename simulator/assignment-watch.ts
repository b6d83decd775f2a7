/**
 * A driver's view of what they have to deal with: one long poll after the other. Whoever acts on an
 * assignment asks how long it stays the same, so that a ride cancelled under way stops the drive.
 *
 * @module
 */
import type { Point } from '../domain/index.ts'
import type { ActorApi } from './actor-api.ts'
import type { Scene } from './scene.ts'

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
  #current: SeenAssignment = nothing
  #wakers: (() => void)[] = []

  constructor(options: { scene: Scene; api: ActorApi; driverId: string }) {
    this.#scene = options.scene
    this.#api = options.api
    this.#driverId = options.driverId
  }

  get current(): SeenAssignment {
    return this.#current
  }

  /** Polls until the simulation stops. */
  async run(): Promise<void> {
    const { clock, signal } = this.#scene
    while (!signal.aborted) {
      const seen = await this.#poll()
      if (seen === null) await clock.sleep(retryMs, signal)
      else if (seen.version !== this.#current.version) this.#change(seen)
    }
  }

  /** True when `seen` was current for the whole of `durationMs`, false as soon as it is not. */
  async stays(seen: SeenAssignment, durationMs: number): Promise<boolean> {
    const { clock, signal } = this.#scene
    signal.throwIfAborted()
    if (this.#current !== seen) return false
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        timer.cancel()
        signal.removeEventListener('abort', wake)
        this.#wakers = this.#wakers.filter((other) => other !== wake)
        resolve()
      }
      const timer = clock.setTimer(wake, durationMs)
      signal.addEventListener('abort', wake, { once: true })
      this.#wakers.push(wake)
    })
    signal.throwIfAborted()
    return this.#current === seen
  }

  #change(seen: SeenAssignment): void {
    this.#current = seen
    for (const wake of [...this.#wakers]) wake()
  }

  async #poll(): Promise<SeenAssignment | null> {
    const version = encodeURIComponent(this.#current.version)
    const path = `/drivers/${this.#driverId}/assignment?wait=${waitSeconds}&version=${version}`
    const { status, body } = await this.#api.get(path, { timeoutMs })
    return status === 200 ? parseAssignment(body) : null
  }
}

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

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function pointOf(value: unknown): Point | null {
  const { lat, lon } = recordOf(value)
  return typeof lat === 'number' && typeof lon === 'number' ? { lat, lon } : null
}
