/**
 * The shape of a 202 and the rules that several accepting routes share.
 *
 * @module
 */
import Type from 'typebox'
import type { Role } from '../../avro/index.ts'
import {
  basePath,
  closed,
  example,
  type Identity,
  Problem,
  type ResponseDoc
} from '../http/index.ts'

/** Answer of a route whose outcome comes later, with where it will appear. */
export const accepted = (body: Record<string, unknown>, location: string) => ({
  status: 202,
  body,
  headers: { location: basePath + location }
})

const acceptedAction = closed(
  { actionId: Type.String({ description: 'Its outcome is at /actions/{actionId}' }) },
  { title: 'AcceptedAction' }
)

/** Answer of an accepted action. */
const actionAccepted = (actionId: string): Readonly<Record<number, ResponseDoc>> => ({
  202: {
    description: 'Accepted; the outcome will appear under the location',
    schema: acceptedAction,
    example: { actionId },
    headers: ['location']
  }
})

/** What a rider, a driver and a session answer. */
export const riderActionAccepted = actionAccepted(example.riderActionId)
export const driverActionAccepted = actionAccepted(example.driverActionId)
export const sessionActionAccepted = actionAccepted(example.sessionActionId)

/** The role as records have it. */
export const recordRole = ({ role }: Identity): Role => {
  switch (role) {
    case 'customer':
    // A partner acts in the place of its guests.
    case 'partner':
      return 'CUSTOMER'
    case 'driver':
      return 'DRIVER'
    case 'admin':
      return 'ADMIN'
    case 'signup':
      throw new Problem('role_forbidden')
    default:
      return role satisfies never
  }
}

/** The key of a route that requires one or was given a fresh one. */
export const requireKey = (key: string | null): string => {
  if (key === null) throw new Problem('idempotency_key_required')
  return key
}
