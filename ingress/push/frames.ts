/**
 * Frames of the server: JSON texts, as docs/push.md describes them. The frames of one event are
 * written once, however many connections get them.
 *
 * @module
 */
import type { ActionRecord, ActionResult, Ride, RideEvent, RidePosition } from '../../avro/index.ts'
import type { Policy } from '../../domain/index.ts'
import type { TokenRole } from '../http/index.ts'
import { type Assignment, assignmentOfRide, noAssignment, toRideDocument } from '../read/index.ts'
import type { Sight } from './sight.ts'

/** Kinds of frames, as they are counted. */
export const frameKinds = [
  'snapshot',
  'ride',
  'offer',
  'assignment',
  'position',
  'action',
  'heartbeat'
] as const

/** One of them. */
export type FrameKind = (typeof frameKinds)[number]

/** A frame; `atMs` is the time of what it tells, epoch ms, null where it tells nothing that happened. */
export type Frame = {
  readonly kind: FrameKind
  readonly text: string
  readonly atMs: number | null
}

/** The frames of one ride event. */
export class EventFrames {
  readonly event: RideEvent
  readonly #policy: Policy
  readonly #frames = new Map<string, Frame>()

  constructor(event: RideEvent, policy: Policy) {
    this.event = event
    this.#policy = policy
  }

  /** Roles see different fields of a ride, so each has a frame of its own. */
  of(sight: Exclude<Sight, null>, role: TokenRole): Frame {
    const key = `${sight} ${role}`
    const known = this.#frames.get(key)
    if (known !== undefined) return known
    const frame = this.#write(sight, role)
    this.#frames.set(key, frame)
    return frame
  }

  #write(sight: Exclude<Sight, null>, role: TokenRole): Frame {
    const { rideId, seq, type, occurredAt, ride } = this.event
    const head = { rideId, seq, event: type.toLowerCase(), at: occurredAt }
    switch (sight) {
      case 'ride':
        return frameOf('ride', { ...head, ride: toRideDocument(ride, role) }, occurredAt)
      case 'offer': {
        const assignment = assignmentOfRide(ride, this.#policy)
        return frameOf('offer', { ...head, assignment }, occurredAt)
      }
      case 'off':
        return frameOf('assignment', { ...head, assignment: noAssignment }, occurredAt)
      default:
        return sight satisfies never
    }
  }
}

/** Where the driver of a ride is. */
export const positionFrame = (position: RidePosition, atMs: number): Frame => {
  const { rideId, lat, lon, headingDegrees, speedMps, deviceTime } = position
  return frameOf('position', { rideId, lat, lon, headingDegrees, speedMps, at: deviceTime }, atMs)
}

/** What became of an action. */
export const actionFrame = (result: ActionResult): Frame =>
  frameOf('action', { ...actionDocument(result), at: result.decidedAt }, result.decidedAt)

/** Tells that the connection lives, and how far this process is behind the log. */
export const heartbeatFrame = (beat: { at: number; behindMs: number }): Frame =>
  frameOf('heartbeat', beat, null)

/** The state from which events go on. */
export type SnapshotDocument = {
  at: number
  /** When the token ends, epoch ms. */
  expiresAt: number
  heartbeatMs: number
  /** Events were skipped: what is here replaces what the client has. */
  resync: boolean
  rides: Ride[]
  /** Rides whose events go on after this number. */
  resumed: Record<string, number>
  /** Rides the client named and does not see, whether they exist or not. */
  dropped: string[]
  /** Left out where the events that follow tell it. */
  assignment?: Assignment
  actions: ActionRecord[]
}

/** The snapshot's frame. */
export const snapshotFrame = (
  { rides, actions, ...rest }: SnapshotDocument,
  role: TokenRole
): Frame =>
  frameOf(
    'snapshot',
    {
      ...rest,
      rides: rides.map((ride) => toRideDocument(ride, role)),
      actions: actions.map((action) => ({ ...actionDocument(action), at: action.at }))
    },
    null
  )

const actionDocument = ({
  actionId,
  action,
  outcome,
  reason
}: Pick<ActionRecord, 'actionId' | 'action' | 'outcome' | 'reason'>) => ({
  actionId,
  action,
  status: outcome.toLowerCase(),
  ...(reason === null ? {} : { reason })
})

const frameOf = (kind: FrameKind, body: object, atMs: number | null): Frame => ({
  kind,
  text: JSON.stringify({ type: kind, ...body }),
  atMs
})
