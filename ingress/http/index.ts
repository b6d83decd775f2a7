/**
 * HTTP for the ingress: routes as data, the server that runs them, problem documents.
 *
 * @module
 */
export { parseJson } from './body.ts'
export type { Admission, Authenticate } from './exchange.ts'
export { createUuidV7, parseIdempotencyKey, uuidV7Time } from './idempotency-key.ts'
export {
  Problem,
  type ProblemCode,
  type ProblemOptions,
  problemTable,
  retryAfterSeconds,
  type Violation
} from './problem.ts'
export {
  basePath,
  type Exchange,
  type Identity,
  type LimitClass,
  type Reply,
  type ResponseDoc,
  type Route,
  routeDefiner,
  type TokenRole,
  type VerifiedIdentity
} from './route.ts'
export {
  closed,
  epochMs,
  id,
  idPattern,
  latitude,
  longitude,
  pageQuery,
  point,
  problemDocument,
  rating,
  text
} from './schema-fragments.ts'
export { HttpServer, type HttpServerOptions } from './server.ts'
export type {
  SocketEvents,
  SocketSend,
  UpgradeRoute,
  UpgradeSocket
} from './upgrade.ts'
export {
  createBodyValidator,
  createItemCheck,
  type ItemCheck,
  type Validate
} from './validation.ts'
