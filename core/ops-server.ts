/**
 * The port for operators: `/health`, `/ready`, `/metrics` and `/status`, apart from any public
 * port so that it answers while the public one is saturated or draining.
 *
 * `/health` says only that the event loop turns: a liveness probe that looked at Kafka would
 * restart every process during an outage of Kafka, which helps nobody. `/ready` runs the checks.
 *
 * @module
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Clock, systemClock } from './clock/index.ts'
import { describeForeignError, isHailError } from './errors.ts'
import type { Metrics } from './metrics.ts'

/** The answer of a check; `detail` is for people and carries no secrets. */
export type CheckResult = { readonly ok: boolean; readonly detail?: string }

/** Says whether one dependency is usable now. A throw or no answer in time counts as not ok. */
export type Check = () => CheckResult | Promise<CheckResult>

/** A request to a route of the process' own. `path` is as sent: percent-encoded. */
export type OpsRequest = { readonly path: string; readonly query: URLSearchParams }

/** Plain JSON (bigints become strings), or a problem; `more` are further members of its document. */
export type OpsReply =
  | { readonly status: number; readonly body: unknown }
  | {
      readonly status: number
      readonly title: string
      readonly detail: string
      readonly more?: Readonly<Record<string, unknown>>
    }

/**
 * A route of the process' own: GET requests of `prefix` and below it. A throw is answered 503 when
 * its reaction is `retry`, else 500.
 */
export type OpsRoute = {
  /** Such as `/stores`. */
  readonly prefix: string
  handle(request: OpsRequest): OpsReply | Promise<OpsReply>
}

/** `status` adds what else a process has to tell, as plain JSON (bigints become strings). */
export type OpsServerOptions = {
  /** 0 takes a free port. */
  readonly port: number
  readonly host?: string
  readonly name?: string
  readonly metrics: Metrics
  readonly checks: Readonly<Record<string, Check>>
  readonly status?: () => unknown
  readonly routes?: readonly OpsRoute[]
  readonly checkTimeoutMs?: number
  readonly clock?: Clock
}

/** The server of operators. */
export type OpsServer = {
  /** Starts to listen and returns the port. */
  listen(): Promise<number>
  /** Stops listening and ends open connections. */
  close(): Promise<void>
}

type Reply = { readonly status: number; readonly type: string; readonly body: string }

const CHECK_TIMEOUT_MS = 2_000

/** Creates the server; it listens once `listen` is called. */
export function createOpsServer(options: OpsServerOptions): OpsServer {
  const clock = options.clock ?? systemClock
  const startedMs = clock.monotonic()
  const routes: Readonly<Record<string, () => Reply | Promise<Reply>>> = {
    '/health': () => json(200, { status: 'ok' }),
    '/ready': async () => {
      const checks = await runChecks(options, clock)
      const isReady = Object.values(checks).every((check) => check.ok)
      return json(isReady ? 200 : 503, { status: isReady ? 'ready' : 'not ready', checks })
    },
    '/metrics': async () => ({
      status: 200,
      type: options.metrics.contentType,
      body: await options.metrics.render()
    }),
    '/status': async () =>
      json(200, {
        name: options.name ?? 'hailstream',
        pid: process.pid,
        uptimeSeconds: Math.round((clock.monotonic() - startedMs) / 1_000),
        checks: await runChecks(options, clock),
        ...(options.status === undefined ? {} : { status: options.status() })
      })
  }
  const own = options.routes ?? []
  const server = createServer(
    (request, response) => void answer({ routes, own }, request, response)
  )
  return {
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(options.port, options.host ?? '0.0.0.0', () => {
          server.off('error', reject)
          resolve((server.address() as AddressInfo).port)
        })
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        // Keep-alive sockets of scrapers would hold the process for as long as they like.
        server.closeAllConnections()
      })
  }
}

type Routes = {
  readonly routes: Readonly<Record<string, () => Reply | Promise<Reply>>>
  readonly own: readonly OpsRoute[]
}

async function answer(
  routes: Routes,
  request: IncomingMessage,
  response: ServerResponse
): Promise<void> {
  const reply = await replyTo(routes, request)
  response.writeHead(reply.status, {
    'content-type': reply.type,
    'content-length': Buffer.byteLength(reply.body),
    'cache-control': 'no-store'
  })
  response.end(request.method === 'HEAD' ? undefined : reply.body)
}

async function replyTo({ routes, own }: Routes, request: IncomingMessage): Promise<Reply> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return problem(405, 'Method Not Allowed', 'Only GET is answered here.')
  }
  const [path = '/', search = ''] = (request.url ?? '/').split('?', 2)
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined
  const mine = own.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`))
  try {
    if (route !== undefined) return await route()
    if (mine !== undefined) {
      return toReply(await mine.handle({ path, query: new URLSearchParams(search) }))
    }
  } catch (error) {
    return isHailError(error) && error.reaction === 'retry'
      ? problem(503, 'Service Unavailable', describe(error))
      : problem(500, 'Internal Server Error', describe(error))
  }
  const known = [...Object.keys(routes), ...own.map(({ prefix }) => prefix)].join(', ')
  return problem(404, 'Not Found', `There is ${known}.`)
}

function toReply(reply: OpsReply): Reply {
  return 'body' in reply
    ? json(reply.status, reply.body)
    : problem(reply.status, reply.title, reply.detail, reply.more)
}

async function runChecks(
  options: OpsServerOptions,
  clock: Clock
): Promise<Record<string, CheckResult>> {
  const timeoutMs = options.checkTimeoutMs ?? CHECK_TIMEOUT_MS
  const results = await Promise.all(
    Object.entries(options.checks).map(async ([name, check]) => {
      return [name, await runCheck(check, timeoutMs, clock)] as const
    })
  )
  return Object.fromEntries(results)
}

function runCheck(check: Check, timeoutMs: number, clock: Clock): Promise<CheckResult> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(
      () => resolve({ ok: false, detail: `no answer within ${timeoutMs} ms` }),
      timeoutMs
    )
    void Promise.resolve()
      .then(check)
      .catch((error: unknown): CheckResult => ({ ok: false, detail: describe(error) }))
      .then((result) => {
        timer.cancel()
        resolve(result)
      })
  })
}

function describe(error: unknown): string {
  return isHailError(error) ? `${error.code}: ${error.message}` : describeForeignError(error)
}

function json(status: number, value: unknown): Reply {
  const body = JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'bigint' ? item.toString() : item
  )
  return { status, type: 'application/json', body }
}

function problem(
  status: number,
  title: string,
  detail: string,
  more: Readonly<Record<string, unknown>> = {}
): Reply {
  return {
    ...json(status, { ...more, type: 'about:blank', title, status, detail }),
    type: 'application/problem+json'
  }
}
