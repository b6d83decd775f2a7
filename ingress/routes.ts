/**
 * Every route of the API with its services forgotten: what the API description is made from.
 *
 * @module
 */
import type { Route } from './http/index.ts'
import { readRoutes } from './read/index.ts'
import { writeRoutes } from './write/index.ts'

/** In the order of the description. */
export const apiRoutes = [...writeRoutes, ...readRoutes] as unknown as readonly Route<never>[]
