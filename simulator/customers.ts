/**
 * The customers of a simulation and how many rides each has open, as they know it. The next request
 * goes to whoever waited longest, so that limits of open rides are met by intent only.
 *
 * @module
 */
import type { ActorApi } from './actor-api.ts'
import type { PushClient } from './push-client.ts'

/** A customer who signed up. */
export type Customer = {
  readonly id: string
  readonly api: ActorApi
  readonly push: PushClient
  openRides: number
}

/** See the module. */
export class CustomerPool {
  /** Longest unused first. */
  readonly #queue: Customer[]

  /** @throws RangeError without customers */
  constructor(customers: readonly Customer[]) {
    if (customers.length === 0) throw new RangeError('expected customers, got none')
    this.#queue = [...customers]
  }

  /** The longest unused customer among those with the fewest open rides. O(customers). */
  next(): Customer {
    return this.#take((best, other) => other.openRides < best.openRides)
  }

  /** The customer with the most open rides: the next one may be one too many. */
  busiest(): Customer {
    return this.#take((best, other) => other.openRides > best.openRides)
  }

  #take(isBetter: (best: Customer, other: Customer) => boolean): Customer {
    let best = this.#queue[0] as Customer
    for (const other of this.#queue) if (isBetter(best, other)) best = other
    this.#queue.splice(this.#queue.indexOf(best), 1)
    this.#queue.push(best)
    return best
  }
}
