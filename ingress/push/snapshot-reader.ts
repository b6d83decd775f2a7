/**
 * Reads what a snapshot needs from the live stores, in two round trips; rides that have left the
 * stores from history. The stores' answers are not trusted to be newest, see snapshot-plan.ts.
 *
 * @module
 */
import type { ActionRecord, Ride, RideState } from '../../avro/index.ts'
import { stores } from '../../streams/query/index.ts'
import { assignedRideId, type LiveStores, type ReadGuard } from '../read/index.ts'
import type { Viewer } from './sight.ts'
import type { SnapshotRead } from './snapshot-plan.ts'

/** Reads for a viewer; `wanted` are rides the client has. Rejects with a 503 problem. */
export type SnapshotReader = (viewer: Viewer, wanted: Iterable<string>) => Promise<SnapshotRead>

/** What reading needs. */
export type SnapshotReaderDeps = {
  readonly live: LiveStores
  /** From history. */
  readonly rideById: (rideId: string) => Promise<Ride | null>
  readonly guard: ReadGuard
}

/** See the module. */
export const createSnapshotReader =
  ({ live, rideById, guard }: SnapshotReaderDeps): SnapshotReader =>
  async (viewer, wanted) => {
    const { customers, drivers, rides } = subjectsOf(viewer)
    const found = await guard(async () => {
      const [intakes, records] = await Promise.all([
        live.getMany(stores.intake, customers.map(keyOf)),
        live.getMany(stores.drivers, drivers.map(keyOf))
      ])
      const open = intakes.flatMap((intake) =>
        (intake?.rides ?? []).filter(({ open }) => open).map(({ rideId }) => rideId)
      )
      const assigned = records.map(assignedRideId).filter((rideId) => rideId !== null)
      const ids = [...new Set([...rides, ...open, ...assigned, ...wanted])]
      const states = await live.getMany(stores.rides, ids.map(keyOf))
      return { ids, states, records }
    })
    const stored = ridesOf(found.states)
    const gone = [...wanted].filter((rideId) => !stored.has(rideId))
    // History is for who was away for long; without it the rest of the snapshot still holds.
    const ended = await Promise.allSettled(gone.map((rideId) => guard(() => rideById(rideId))))
    for (const result of ended) {
      if (result.status === 'fulfilled' && result.value !== null) {
        stored.set(result.value.rideId, result.value)
      }
    }
    const actors = new Set([...customers, ...drivers])
    const decided = [...found.states, ...found.records].flatMap((state) => state?.actions ?? [])
    return { rides: stored, actions: ownActions(decided, actors) }
  }

const subjectsOf = ({ identity, follows }: Viewer) => {
  const { role, subject } = identity
  if (role === 'customer') return { customers: [subject], drivers: [], rides: [] }
  if (role === 'driver') return { customers: [], drivers: [subject], rides: [] }
  const { customers, drivers, rides } = follows
  return { customers: [...customers], drivers: [...drivers], rides: [...rides] }
}

const keyOf = (key: string) => ({ partitionKey: key, key })

const ridesOf = (states: readonly (RideState | null)[]): Map<string, Ride> => {
  const rides = new Map<string, Ride>()
  for (const state of states) {
    if (state?.ride != null) rides.set(state.ride.rideId, state.ride)
  }
  return rides
}

const ownActions = (
  decided: readonly ActionRecord[],
  actors: ReadonlySet<string>
): ActionRecord[] =>
  decided.filter(({ actorId }) => actors.has(actorId)).sort((a, b) => a.at - b.at)
