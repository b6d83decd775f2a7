/**
 * An assignment as answers carry it: nothing, an open offer, or the ride under way.
 *
 * @module
 */
import Type from 'typebox'
import { closed, example, point } from '../http/index.ts'
import { exampleFare, fareDocument } from '../write/index.ts'
import { rideDocument } from './ride-document.ts'

const version = Type.String({ description: 'Changes with everything the driver should see' })

const noAssignment = closed({ kind: Type.Literal('none'), version }, { title: 'NoAssignment' })

const offer = closed(
  {
    kind: Type.Literal('offer'),
    version,
    offerId: Type.String({ description: 'To be sent with accept or decline' }),
    rideId: Type.String(),
    pickup: point,
    dropoff: point,
    fare: fareDocument,
    pickupEtaSeconds: Type.Union([Type.Integer(), Type.Null()]),
    expiresAt: Type.Integer({ description: 'Until when it can be accepted, epoch ms' })
  },
  { title: 'Offer' }
)

const assignedRide = closed(
  {
    kind: Type.Literal('ride'),
    version,
    rideId: Type.String(),
    status: Type.Enum(['accepted', 'arrived', 'started']),
    ride: rideDocument
  },
  { title: 'AssignedRide' }
)

/** Schema of an assignment. */
export const assignmentDocument = Type.Union([noAssignment, offer, assignedRide])

/** An offer that waits for its answer. */
export const exampleOffer = {
  kind: 'offer',
  version: `offer:${example.offerId}`,
  offerId: example.offerId,
  rideId: example.rideId,
  pickup: example.pickup,
  dropoff: example.dropoff,
  fare: exampleFare,
  pickupEtaSeconds: 90,
  expiresAt: example.requestedAt + 25_000
}
