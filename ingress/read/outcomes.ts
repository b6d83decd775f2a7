/**
 * Outcomes of what was accepted with 202: actions and sign-ups.
 *
 * @module
 */
import Type from 'typebox'
import { stores } from '../../streams/query/index.ts'
import { requireActionOwner } from '../auth/index.ts'
import { closed, example, Problem, routeDefiner } from '../http/index.ts'
import type { ReadServices } from './services.ts'

const defineRoute = routeDefiner<ReadServices>()

const getAction = defineRoute({
  method: 'GET',
  path: '/actions/:actionId',
  summary: 'Outcome of an action',
  tag: 'outcomes',
  roles: ['customer', 'driver', 'partner', 'admin'],
  limit: 'read',
  idempotency: 'none',
  responses: {
    200: {
      description: 'pending until it was decided',
      schema: closed({
        actionId: Type.String(),
        status: Type.Enum(['pending', 'applied', 'refused']),
        reason: Type.Optional(Type.String({ description: 'Why it was refused, as a code' }))
      }),
      example: { actionId: example.riderActionId, status: 'refused', reason: 'ride_ended' }
    }
  },
  problems: ['subject_forbidden', 'reads_unavailable'],
  example: { params: { actionId: example.riderActionId } },
  handler: async ({ identity, params }, { ids, guard, live }) => {
    const actionId = params['actionId'] ?? ''
    const parsed = ids.parseActionId(actionId)
    if (parsed === null) throw new Problem('not_found')
    requireActionOwner(identity, actionId, ids)
    const { scope, entityId } = parsed
    const store = scope === 'ride' ? stores.rides : stores.drivers
    const state = await guard(() => live.get(store, entityId, entityId))
    const decided = state?.actions.find((action) => action.actionId === actionId)
    if (decided === undefined) return { status: 200, body: { actionId, status: 'pending' } }
    const { outcome, reason } = decided
    return {
      status: 200,
      body: { actionId, status: outcome.toLowerCase(), ...(reason === null ? {} : { reason }) }
    }
  }
})

const getSignup = defineRoute({
  method: 'GET',
  path: '/signups/:signupId',
  summary: 'Outcome of a sign-up',
  tag: 'signups',
  roles: ['signup', 'customer', 'driver', 'admin'],
  limit: 'signup',
  idempotency: 'none',
  responses: {
    200: {
      description: 'pending until it was decided',
      schema: closed({
        signupId: Type.String(),
        status: Type.Enum(['pending', 'active', 'rejected']),
        reasons: Type.Array(Type.String(), { description: 'Why it was rejected, as codes' }),
        userId: Type.Optional(Type.String({ description: 'Once active' }))
      }),
      example: {
        signupId: example.signupId,
        status: 'active',
        reasons: [],
        userId: example.customerId
      }
    }
  },
  problems: ['reads_unavailable'],
  example: { params: { signupId: example.signupId } },
  handler: async ({ params }, { ids, guard, live }) => {
    const signupId = params['signupId'] ?? ''
    const emailKey = ids.emailKeyOf(signupId)
    if (emailKey === null) throw new Problem('not_found')
    const state = await guard(() => live.get(stores.emails, emailKey, emailKey))
    const outcome = state?.outcomes.find((each) => each.signupId === signupId)
    if (outcome === undefined) {
      return { status: 200, body: { signupId, status: 'pending', reasons: [] } }
    }
    const isActive = outcome.outcome === 'APPLIED'
    const { userId, reasons } = outcome
    return {
      status: 200,
      body: {
        signupId,
        status: isActive ? 'active' : 'rejected',
        reasons,
        ...(isActive && userId !== null ? { userId } : {})
      }
    }
  }
})

/** Routes of outcomes. */
export const outcomeRoutes = [getAction, getSignup]
