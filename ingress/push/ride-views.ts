/**
 * The rides a connection knows: the last number told of each, and who drives it. Bounded; ended rides
 * are forgotten first, since only a rating can still come for them.
 *
 * @module
 */

/** A ride as its connection was told of it. */
export type RideView = {
  readonly seq: number
  readonly driverId: string | null
  readonly isEnded: boolean
}

/** Told of rides that come into sight and leave it. */
export type RideWatch = { add(rideId: string): void; remove(rideId: string): void }

/** See the module. */
export class RideViews {
  readonly #views = new Map<string, RideView>()
  readonly #ridesMax: number
  readonly #watch: RideWatch

  constructor(ridesMax: number, watch: RideWatch) {
    this.#ridesMax = ridesMax
    this.#watch = watch
  }

  get(rideId: string): RideView | undefined {
    return this.#views.get(rideId)
  }

  set(rideId: string, view: RideView): void {
    const isNew = !this.#views.has(rideId)
    if (isNew && this.#views.size >= this.#ridesMax) this.#forgetOne()
    this.#views.set(rideId, view)
    if (isNew) this.#watch.add(rideId)
  }

  delete(rideId: string): void {
    if (this.#views.delete(rideId)) this.#watch.remove(rideId)
  }

  clear(): void {
    for (const rideId of [...this.#views.keys()]) this.delete(rideId)
  }

  /** What the client has of its open rides, and of those named. */
  have(named: Iterable<string>): Map<string, number> {
    const have = new Map<string, number>()
    const wanted = new Set(named)
    for (const [rideId, { seq, isEnded }] of this.#views) {
      if (!isEnded || wanted.has(rideId)) have.set(rideId, seq)
    }
    return have
  }

  get size(): number {
    return this.#views.size
  }

  #forgetOne(): void {
    let oldest: string | undefined
    for (const [rideId, { isEnded }] of this.#views) {
      oldest ??= rideId
      if (!isEnded) continue
      oldest = rideId
      break
    }
    if (oldest !== undefined) this.delete(oldest)
  }
}
