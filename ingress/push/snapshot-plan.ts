/**
 * From where a connection goes on: what it has, what the stores say and what the ring remembers, put
 * together in one turn, so that no event falls between. Stores trail the log by one apply and may be
 * rebuilding, so the newer of store and ring counts.
 *
 * Of a ride the client has, the ring replays what is missing; when it cannot, the ride itself is sent
 * and the snapshot says so. A driver has to have been on the ride at the number named: numbers of
 * other people's rides open nothing, and whether such a ride exists is not told.
 *
 * @module
 */
import type { ActionRecord, Ride } from '../../avro/index.ts'
import { holdsDriver, isEndedStatus, type Policy } from '../../domain/index.ts'
import { type Assignment, assignmentOfRide, noAssignment } from '../read/index.ts'
import type { EventRing, Party, RingEvent } from './event-ring.ts'
import type { RideView } from './ride-views.ts'
import { maySee, type Viewer } from './sight.ts'

/** What the stores said. */
export type SnapshotRead = {
  readonly rides: ReadonlyMap<string, Ride>
  readonly actions: readonly ActionRecord[]
}

/** What a plan is made from. */
export type PlanInput = {
  readonly viewer: Viewer
  /** Last number of each ride the client has. */
  readonly have: ReadonlyMap<string, number>
  /** Rides to be shown even if they have ended: their events were never told, and are gone. */
  readonly owed: ReadonlySet<string>
  readonly read: SnapshotRead
  readonly ring: Pick<EventRing, 'after' | 'at' | 'last' | 'openRidesOf'>
  readonly rideOf: (event: RingEvent) => Ride
  readonly policy: Policy
}

/** The content of a snapshot and what the connection knows once it is sent. */
export type SnapshotPlan = {
  readonly rides: readonly Ride[]
  readonly resumed: ReadonlyMap<string, number>
  readonly dropped: readonly string[]
  readonly isResync: boolean
  /** Undefined where replayed events tell it, and for who is no driver. */
  readonly assignment: Assignment | undefined
  readonly views: ReadonlyMap<string, RideView>
  /** Rides the client named and nobody knows: a store that is being rebuilt may know them soon. */
  readonly missing: readonly string[]
}

/** Pure. */
export const planSnapshot = (input: PlanInput): SnapshotPlan => {
  const { viewer, have, owed, read, ring } = input
  const plan = {
    rides: [] as Ride[],
    resumed: new Map<string, number>(),
    dropped: [] as string[],
    isResync: false,
    views: new Map<string, RideView>(),
    missing: [] as string[]
  }
  const seen: Ride[] = []
  const known = partiesOfViewer(viewer).flatMap((party) => ring.openRidesOf(party))
  const ids = [...have.keys(), ...owed, ...read.rides.keys(), ...viewer.follows.rides, ...known]
  for (const rideId of new Set(ids)) {
    const ride = newest(rideId, input)
    const isSeen = ride !== null && maySee(viewer, ride)
    if (isSeen) seen.push(ride)
    const seq = have.get(rideId)
    if (seq === undefined) {
      const isShown = isSeen && (owed.has(rideId) || isUnderWay(viewer, ride))
      if (!isShown) continue
      plan.rides.push(ride)
      plan.views.set(rideId, viewOf(ride))
    } else if (canResume(rideId, seq, input)) {
      plan.resumed.set(rideId, seq)
      plan.views.set(rideId, viewAt(rideId, seq, input, ride))
    } else if (isSeen && ride.seq > seq) {
      plan.rides.push(ride)
      plan.views.set(rideId, viewOf(ride))
      plan.isResync = true
    } else if (isSeen || (ride === null && viewer.identity.role === 'customer')) {
      // A customer's ride ids were checked against their owner: it is theirs, and nothing newer is known.
      plan.resumed.set(rideId, seq)
      plan.views.set(rideId, viewAt(rideId, seq, input, ride))
      // One that was just asked for is not known anywhere yet.
      if (ride === null && seq > 0) plan.missing.push(rideId)
    } else {
      plan.dropped.push(rideId)
      if (ride === null) plan.missing.push(rideId)
    }
  }
  return { ...plan, assignment: assignmentOf(input, seen, plan.resumed) }
}

/** Under which names rides and connections of this viewer are filed. */
export const partiesOfViewer = ({ identity, follows }: Viewer): Party[] => {
  const { role, subject } = identity
  if (role === 'customer' || role === 'driver') return [`${role}:${subject}`]
  return [
    ...[...follows.rides].map((id): Party => `ride:${id}`),
    ...[...follows.customers].map((id): Party => `customer:${id}`),
    ...[...follows.drivers].map((id): Party => `driver:${id}`)
  ]
}

const newest = (rideId: string, { read, ring, rideOf }: PlanInput): Ride | null => {
  const stored = read.rides.get(rideId) ?? null
  const last = ring.last(rideId)
  return last !== null && last.seq > (stored?.seq ?? 0) ? rideOf(last) : stored
}

const isUnderWay = ({ identity, follows }: Viewer, { rideId, status }: Ride): boolean =>
  identity.role === 'driver'
    ? holdsDriver(status)
    : !isEndedStatus(status) || follows.rides.has(rideId)

/** Whether everything after `seq` is in the ring, and was this viewer's to see from there on. */
const canResume = (rideId: string, seq: number, { viewer, ring }: PlanInput): boolean => {
  if (ring.after(rideId, seq) === null) return false
  const at = ring.at(rideId, seq)
  if (viewer.identity.role === 'driver') return at !== null && maySee(viewer, at)
  const last = ring.last(rideId)
  return last !== null && maySee(viewer, at ?? last)
}

const viewOf = ({ seq, driverId, status }: Ride): RideView => ({
  seq,
  driverId,
  isEnded: isEndedStatus(status)
})

const viewAt = (rideId: string, seq: number, { ring }: PlanInput, ride: Ride | null): RideView => {
  const at = ring.at(rideId, seq) ?? ride
  return {
    seq,
    driverId: at?.driverId ?? null,
    isEnded: at !== null && isEndedStatus(at.status)
  }
}

const assignmentOf = (
  { viewer, policy }: PlanInput,
  seen: readonly Ride[],
  resumed: ReadonlyMap<string, number>
): Assignment | undefined => {
  if (viewer.identity.role !== 'driver') return undefined
  const held = seen
    .filter(({ status }) => holdsDriver(status))
    .sort((a, b) => (b.matchedAt ?? 0) - (a.matchedAt ?? 0))[0]
  if (held === undefined) return noAssignment
  return resumed.has(held.rideId) ? undefined : assignmentOfRide(held, policy)
}
