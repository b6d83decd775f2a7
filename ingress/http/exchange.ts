/**
 * One request from its headers to the reply of its handler: the checks in their order. Cheap refusals
 * come first, so that a flood of bad requests costs little: declared size, token, role, limits, body,
 * schema, idempotency key, handler.
 *
 * @module
 */
import type { Request, Response } from 'hyper-express'
import type { Clock } from '../../core/index.ts'
import type { BodyWaits } from './body-waits.ts'
import type { Correlation } from './correlation.ts'
import { announcedBytes, refuseFraming } from './framing.ts'
import { createUuidV7, parseIdempotencyKey } from './idempotency-key.ts'
import { parseJson } from './json.ts'
import { refuseMediaType } from './media-type.ts'
import { Problem } from './problem.ts'
import {
  callerKey,
  type Identity,
  type LimitClass,
  type Reply,
  type Route,
  type TokenRole,
  type VerifiedIdentity
} from './route.ts'
import { createBodyValidator, createQueryReader } from './validation.ts'

/** Tells who calls from the `authorization` header; throws a 401 or 503 problem. */
export type Authenticate = (
  authorization: string | undefined
) => VerifiedIdentity | Promise<VerifiedIdentity>

/** Limits of requests. Each throws a 429 problem; the headers tell the client where it stands. */
export type Admission = {
  /** Before anything is known of the caller. */
  admitAddress(address: string): void
  /** Counts a bad token against the address it came from. */
  recordBadToken(address: string): void
  admitSubject(identity: Identity, limit: LimitClass): Record<string, string> | undefined
}

/** What the checks need of the process. */
export type ExchangePorts = {
  clock: Clock
  authenticate: Authenticate
  admission: Admission
  /** Requests whose bodies are under way. */
  bodies: BodyWaits
  idempotencyAgeMsMax: number
}

/** A route made ready: validators compiled, services bound. */
export type Endpoint = {
  route: Route<never>
  bodyBytesMax: number
  validateBody: ((value: unknown) => void) | undefined
  readQuery: ((raw: string) => unknown) | undefined
  roles: ReadonlySet<TokenRole>
  parameterNames: readonly string[]
  run: Route<never>['handler'] extends (exchange: infer E, services: never) => infer R
    ? (exchange: E) => R
    : never
}

/** Compiles a route once, at the start. */
export const createEndpoint = <Services>(
  route: Route<Services>,
  services: Services,
  bodyBytesMax: number
): Endpoint => ({
  route: route as unknown as Route<never>,
  bodyBytesMax: route.bodyBytesMax ?? bodyBytesMax,
  validateBody: route.body === undefined ? undefined : createBodyValidator(route.body),
  readQuery: route.query === undefined ? undefined : createQueryReader(route.query),
  roles: new Set(route.roles),
  parameterNames: [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? ''),
  run: (exchange) => route.handler(exchange, services)
})

/** One request on its way. `headers` collects what the reply carries whatever comes of it. */
export type Passage = {
  endpoint: Endpoint
  request: Request
  response: Response
  address: string
  correlation: Correlation
  headers: Record<string, string>
  /** Called once the body is there, just before the handler runs. */
  onRunning: () => void
}

/** Ids of bills have a colon, which some clients escape. */
const idPattern = /^[A-Za-z0-9_.:-]{1,128}$/

/** Runs the checks and the handler. Throws a problem for every refusal. */
export const runExchange = async (passage: Passage, ports: ExchangePorts): Promise<Reply> => {
  const { endpoint, request, response, correlation } = passage
  const { route } = endpoint
  refuseFraming(request.headers, endpoint.bodyBytesMax)
  const identity = await identify(passage, ports)
  admit(passage, identity, ports)
  const body =
    endpoint.validateBody === undefined ? undefined : await takeBody(passage, identity, ports)
  const query = endpoint.readQuery?.(request.path_query)
  const receivedAt = ports.clock.now()
  const idempotencyKey = takeIdempotencyKey(passage, ports, receivedAt)
  const params = takeParameters(passage)
  passage.onRunning()
  const exchange = {
    identity,
    params,
    body,
    query,
    idempotencyKey,
    correlationId: correlation.correlationId,
    traceparent: correlation.traceparent,
    tracestate: correlation.tracestate,
    ifNoneMatch: request.headers['if-none-match'],
    receivedAt,
    isAborted: () => response.completed
  }
  return await (route.idempotency === 'optional' && idempotencyKey === null
    ? endpoint.run({ ...exchange, idempotencyKey: createUuidV7(ports.clock) })
    : endpoint.run(exchange))
}

/** At once for a remembered token. */
const identify = (passage: Passage, ports: ExchangePorts): Identity | Promise<Identity> => {
  const { request, address } = passage
  ports.admission.admitAddress(address)
  const refuse = (error: unknown): never => {
    if (error instanceof Problem && error.status === 401) ports.admission.recordBadToken(address)
    throw error
  }
  try {
    const found = ports.authenticate(request.headers['authorization'])
    return found instanceof Promise ? found.catch(refuse) : found
  } catch (error) {
    return refuse(error)
  }
}

const admit = (passage: Passage, identity: Identity, ports: ExchangePorts): void => {
  const { endpoint } = passage
  if (!endpoint.roles.has(identity.role)) {
    const expected = [...endpoint.roles].join(' or ')
    throw new Problem('role_forbidden', { detail: `Expected a token of role ${expected}` })
  }
  passage.headers = ports.admission.admitSubject(identity, endpoint.route.limit) ?? passage.headers
}

const takeBody = async (
  { endpoint, request, response }: Passage,
  identity: Identity,
  { bodies }: ExchangePorts
): Promise<unknown> => {
  let body: unknown
  const bytes = announcedBytes(request.headers)
  if (bytes > 0) {
    refuseMediaType(request.headers)
    const buffer = request.received
      ? request.buffer()
      : bodies.take(() => request.buffer(), {
          bytes,
          owner: callerKey(identity),
          isGone: () => response.completed
        })
    body = parseJson(await buffer)
  } else if (endpoint.route.bodyOptional === true) {
    body = {}
  } else {
    throw new Problem('malformed_json', { detail: 'Expected a JSON body' })
  }
  endpoint.validateBody?.(body)
  return body
}

const takeIdempotencyKey = (
  { endpoint, request }: Passage,
  ports: ExchangePorts,
  nowMs: number
): string | null => {
  if (endpoint.route.idempotency === 'none') return null
  const raw = request.headers['idempotency-key']
  if (raw !== undefined && raw !== '') {
    return parseIdempotencyKey(raw, { nowMs, ageMsMax: ports.idempotencyAgeMsMax })
  }
  if (endpoint.route.idempotency === 'optional') return null
  throw new Problem('idempotency_key_required', {
    detail: 'Expected a UUIDv7 made once for this request and sent again with every retry'
  })
}

/** Ids in paths: what cannot be an id names nothing, so it is not found. */
const takeParameters = ({ endpoint, request }: Passage): Record<string, string> => {
  const params: Record<string, string> = {}
  for (const name of endpoint.parameterNames) {
    const value = (request.path_parameters[name] ?? '').replace(/%3a/gi, ':')
    if (!idPattern.test(value)) throw new Problem('not_found')
    params[name] = value
  }
  return params
}
