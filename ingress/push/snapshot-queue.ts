/**
 * Reads snapshots for connections, a bounded number at a time: after a skip all connections want one
 * at once. Who waits longest goes first; who is gone is left out.
 *
 * @module
 */
import type { PushConnection } from './connection.ts'
import type { SnapshotReader } from './snapshot-reader.ts'

type Wanted = { connection: PushConnection; rideIds: readonly string[] }

/** See the module. Each connection waits at most once, so the queue is bounded by them. */
export class SnapshotQueue {
  readonly #read: SnapshotReader
  readonly #readsMax: number
  readonly #waiting = new Map<PushConnection, Wanted>()
  #running = 0

  constructor(read: SnapshotReader, readsMax: number) {
    this.#read = read
    this.#readsMax = readsMax
  }

  add(connection: PushConnection, rideIds: readonly string[]): void {
    this.#waiting.set(connection, { connection, rideIds })
    this.#go()
  }

  remove(connection: PushConnection): void {
    this.#waiting.delete(connection)
  }

  #go(): void {
    for (const [connection, wanted] of this.#waiting) {
      if (this.#running >= this.#readsMax) return
      this.#waiting.delete(connection)
      this.#running += 1
      void this.#serve(wanted)
    }
  }

  async #serve({ connection, rideIds }: Wanted): Promise<void> {
    try {
      connection.onSnapshot(await this.#read(connection.viewer, rideIds))
    } catch {
      // The guard of the read has logged why.
      connection.onSnapshotFailed()
    } finally {
      this.#running -= 1
      this.#go()
    }
  }
}
