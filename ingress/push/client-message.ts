/**
 * Messages of clients: `hello` first, with the rides they have; `follow` of administrators, which
 * replaces what they follow; `ping`, which is answered by a heartbeat. Anything else ends the
 * connection, since no client of ours sends it.
 *
 * @module
 */
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { closed, idPattern, parseJson } from '../http/index.ts'

const rideId = Type.String({ pattern: '^[0-9a-f]{32}$' })
const seq = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const userIds = Type.Optional(Type.Array(Type.String({ pattern: idPattern })))
const follow = closed({
  rides: Type.Optional(Type.Array(rideId)),
  customers: userIds,
  drivers: userIds
})

const message = Type.Union([
  closed({
    type: Type.Literal('hello'),
    rides: Type.Optional(Type.Record(rideId, seq, { additionalProperties: false })),
    follow: Type.Optional(follow)
  }),
  closed({ type: Type.Literal('follow'), follow }),
  closed({ type: Type.Literal('ping') })
])

const validator = Compile(message)

/** A message that was checked. */
export type ClientMessage = Static<typeof message>

/** What an administrator asks to follow. */
export type FollowRequest = Static<typeof follow>

/** The message in these bytes; null when it is none. */
export const parseClientMessage = (bytes: Buffer): ClientMessage | null => {
  try {
    const value: unknown = parseJson(bytes)
    return validator.Check(value) ? value : null
  } catch {
    // No JSON at all: as good as a message that breaks the schema.
    return null
  }
}
