/**
 * HTTP for the ingress: routes as data, the server that runs them, problem documents.
 *
 * @module
 */

export { conditionalReply, notModified, tagOfVersion } from './entity-tag.ts'
export { example, examplePapers, examplePerson } from './example-values.ts'
export type { Admission, Authenticate } from './exchange.ts'
export { createUuidV7, parseIdempotencyKey, uuidV7Time } from './idempotency-key.ts'
export { parseJson } from './json.ts'
export { Problem, type ProblemOptions, retryAfterSeconds, type Violation } from './problem.ts'
export {
  type ProblemCode,
  type ProblemEntry,
  problemCodes,
  problemTable,
  problemType,
  type RetryRule
} from './problem-table.ts'
export {
  basePath,
  callerKey,
  type Exchange,
  type Identity,
  type LimitClass,
  type Reply,
  type ReplyHeader,
  type RequestExample,
  type ResponseDoc,
  type Route,
  routeDefiner,
  type TokenRole,
  type VerifiedIdentity,
  writeProblems
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
export type { StaticPage } from './static-page.ts'
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
