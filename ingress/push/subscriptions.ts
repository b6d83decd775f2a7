/**
 * Which connections a record may concern: by who they are or follow, and by the rides they know.
 *
 * @module
 */
import type { PushConnection } from './connection.ts'
import { type Party, partiesOf } from './event-ring.ts'
import { partiesOfViewer } from './snapshot-plan.ts'

/** See the module. */
export class Subscriptions {
  readonly #byParty = new Map<Party, Set<PushConnection>>()
  readonly #byRide = new Map<string, Set<PushConnection>>()
  readonly #filed = new Map<PushConnection, readonly Party[]>()

  /** Files a connection under who it is, or follows now. */
  file(connection: PushConnection): void {
    this.remove(connection)
    const parties = partiesOfViewer(connection.viewer)
    this.#filed.set(connection, parties)
    for (const party of parties) add(this.#byParty, party, connection)
  }

  remove(connection: PushConnection): void {
    for (const party of this.#filed.get(connection) ?? []) take(this.#byParty, party, connection)
    this.#filed.delete(connection)
  }

  watch(rideId: string, connection: PushConnection): void {
    add(this.#byRide, rideId, connection)
  }

  unwatch(rideId: string, connection: PushConnection): void {
    take(this.#byRide, rideId, connection)
  }

  hasParty(party: Party): boolean {
    return this.#byParty.has(party)
  }

  hasRide(rideId: string): boolean {
    return this.#byRide.has(rideId)
  }

  ofParty(party: Party): Iterable<PushConnection> {
    return this.#byParty.get(party) ?? []
  }

  ofRide(rideId: string): Iterable<PushConnection> {
    return this.#byRide.get(rideId) ?? []
  }

  /** Connections a ride event may concern, each once. */
  ofEvent(event: {
    rideId: string
    customerId: string
    driverId: string | null
  }): PushConnection[] {
    if (this.#filed.size === 0) return []
    const found = new Set<PushConnection>(this.ofRide(event.rideId))
    const parties: Party[] = [...partiesOf(event), `ride:${event.rideId}`]
    for (const party of parties) {
      for (const connection of this.ofParty(party)) found.add(connection)
    }
    return [...found]
  }
}

const add = <K, V>(sets: Map<K, Set<V>>, key: K, value: V): void => {
  const set = sets.get(key)
  if (set === undefined) sets.set(key, new Set([value]))
  else set.add(value)
}

const take = <K, V>(sets: Map<K, Set<V>>, key: K, value: V): void => {
  const set = sets.get(key)
  set?.delete(value)
  if (set?.size === 0) sets.delete(key)
}
