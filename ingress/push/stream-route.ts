/**
 * The route of push: where it is and who may open it, for the hub and for the API description.
 *
 * @module
 */
import type { UpgradeRoute } from '../http/index.ts'

/** See the module. */
export const streamRoute = {
  path: '/stream',
  protocol: 'hailstream.v1',
  roles: ['customer', 'driver', 'admin'],
  limit: 'read'
} as const satisfies Pick<UpgradeRoute, 'path' | 'protocol' | 'roles' | 'limit'>
