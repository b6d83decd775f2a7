/**
 * The public HTTP server: routes as data in, replies and problem documents out. Wraps hyper-express,
 * which nothing else touches.
 *
 * Life: `register` routes, `listen`, then `drain` once: replies say `Connection: close`, after the
 * grace new requests get 503, requests in flight are waited for, then the socket closes.
 *
 * The process needs `UWS_HTTP_MAX_HEADERS_SIZE=16384` in its environment: the default of 4 KiB fails
 * requests with long tokens, and only when their headers span two packets. The older build of
 * uWebSockets.js, for machines with an old glibc, has 4 KiB whatever is set.
 *
 * @module
 */
import { type Request, type Response, Server } from 'hyper-express'
import {
  type Clock,
  FatalError,
  type Histogram,
  type Logger,
  type Metrics
} from '../../core/index.ts'
import { clientAddress } from './address.ts'
import { AddressLoad } from './address-load.ts'
import { endWithoutArguments } from './bodiless.ts'
import { BodyWaits } from './body-waits.ts'
import { type Correlation, type CorrelationReader, createCorrelationReader } from './correlation.ts'
import { type Cors, createCors } from './cors.ts'
import {
  createEndpoint,
  type Endpoint,
  type ExchangePorts,
  type Passage,
  runExchange
} from './exchange.ts'
import { announcedBytes, bodyEnd, isCutOff, settleHeaders } from './framing.ts'
import { createLineBudget, type LineBudget } from './line-budget.ts'
import { Problem, retryAfterSeconds } from './problem.ts'
import { basePath, type Reply, type Route } from './route.ts'
import { createPageAnswer, type PageAnswer, type StaticPage } from './static-page.ts'
import { createTurn } from './turn.ts'
import { installUpgrade, type UpgradeRoute } from './upgrade.ts'

/** Settings; every limit is a bound on memory or time. */
export type HttpServerOptions = Omit<ExchangePorts, 'bodies'> & {
  logger: Logger
  metrics: Metrics
  /** Bytes of body a request may have unless its route says otherwise. */
  bodyBytesMax: number
  /** Requests in handlers at a time; more get 503. A waiting long poll counts. */
  inFlightMax: number
  /** Requests of one address from headers to reply at a time; more get 429, 0 is no limit. */
  inFlightPerAddressMax: number
  /** How long a body may take to come, ms; then 408. */
  bodyTimeoutMs: number
  /** Bytes that all bodies under way may have together; more get 503. */
  bodiesBytesMax: number
  corsOrigins: readonly string[]
  trustedProxies: number
  /** Share of successful requests that are logged, 0 to 1. */
  accessLogRatio: number
  /** Failures of the server that are logged a second; those above are counted in the next line. */
  failureLinesMax: number
  /** Whether to tell browsers to come back by TLS only. */
  isHttpsOnly: boolean
}

/** What writing a reply needs to know. */
type Addressee = Pick<Passage, 'request' | 'response' | 'correlation' | 'headers'>

/** A route as metrics and logs name it. */
type NamedRoute = { method: string; path: string }

type ResponseTimes = Histogram<'route' | 'method' | 'code'>
type Observer = ReturnType<ResponseTimes['with']>

/** As in the logs of nginx: nobody was there to be answered. */
const clientGone = 499

/** It has been waited for. */
const bodyTimedOut = 408

/** A turn of the event loop this short has accepted nobody. */
const quietTurnMs = 0.1
const turnsMax = 500

/** The server; one life, see the module. */
export class HttpServer {
  readonly #options: HttpServerOptions
  readonly #ports: ExchangePorts
  readonly #load: AddressLoad
  readonly #clock: Clock
  readonly #turn = createTurn()
  readonly #app: Server
  readonly #cors: Cors
  readonly #readCorrelation: CorrelationReader
  readonly #seconds: ResponseTimes
  readonly #observers = new Map<NamedRoute, Map<number, Observer>>()
  readonly #failureLines: LineBudget
  readonly #methodsByPath = new Map<string, Set<string>>()
  readonly #fixedHeaders: readonly (readonly [string, string])[]
  #inFlight = 0
  #isClosing = false
  #isRefusing = false
  #onIdle: (() => void) | null = null

  constructor(options: HttpServerOptions) {
    this.#options = options
    const { clock, bodyTimeoutMs: timeoutMs, bodiesBytesMax: bytesMax } = options
    const bodies = new BodyWaits({ clock, timeoutMs, bytesMax })
    this.#ports = { ...options, bodies }
    this.#load = new AddressLoad(options.inFlightPerAddressMax)
    this.#clock = options.clock
    this.#cors = createCors(options.corsOrigins)
    this.#failureLines = createLineBudget(options.clock, options.failureLinesMax)
    this.#readCorrelation = createCorrelationReader(options.clock)
    this.#fixedHeaders = [
      ['x-content-type-options', 'nosniff'],
      ['cache-control', 'no-store'],
      ['referrer-policy', 'no-referrer'],
      ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
      ...(options.isHttpsOnly
        ? ([['strict-transport-security', 'max-age=31536000; includeSubDomains']] as const)
        : [])
    ]
    this.#seconds = options.metrics.histogram({
      name: 'hail_http_request_duration_seconds',
      help: 'Time from the first byte of a request to its reply.',
      labels: ['route', 'method', 'code'],
      labelSetsMax: 600
    })
    options.metrics.gauge({
      name: 'hail_http_requests_in_flight',
      help: 'Requests in handlers now.',
      collect: (gauge) => gauge.set({}, this.#inFlight)
    })
    options.metrics.gauge({
      name: 'hail_http_bodies_in_flight_bytes',
      help: 'Bytes announced by requests whose bodies are under way now.',
      collect: (gauge) => gauge.set({}, bodies.bytes)
    })
    // The library's own limits are out of the way: one answers without a problem document, the
    // other pauses a request, which throws when a reply has gone out before the body came.
    this.#app = new Server({
      auto_close: false,
      max_body_length: Number.MAX_SAFE_INTEGER,
      max_body_buffer: Number.MAX_SAFE_INTEGER
    })
  }

  /** Adds routes; only before `listen`. */
  register<Services>(routes: readonly Route<Services>[], services: Services): void {
    for (const route of routes) {
      const endpoint = createEndpoint(route, services, this.#options.bodyBytesMax)
      const path = basePath + route.path
      const handle = (request: Request, response: Response): void =>
        void this.#serve(endpoint, request, response)
      if (route.method === 'GET') this.#app.get(path, handle)
      else this.#app.post(path, handle)
      const methods = this.#methodsByPath.get(path) ?? new Set()
      this.#methodsByPath.set(path, methods.add(route.method))
    }
  }

  /** Adds pages that need no token; only before `listen`. */
  registerPages(pages: readonly StaticPage[]): void {
    for (const page of pages) {
      const path = basePath + page.path
      const answer = createPageAnswer(page)
      const route = { method: 'GET', path: page.route ?? page.path }
      this.#app.get(path, (request: Request, response: Response): void => {
        void this.#servePage({ route, answer, request, response })
      })
      this.#methodsByPath.set(path, new Set(['GET']))
    }
  }

  /** Adds a route that is upgraded to WebSocket; only before `listen`. */
  registerUpgrade(route: UpgradeRoute): void {
    installUpgrade(this.#app, route, {
      authenticate: this.#options.authenticate,
      admission: this.#options.admission,
      refuseDraining: () => {
        if (this.#isClosing) throw this.#drainingProblem()
      },
      isOriginAllowed: (origin) => this.#cors.replyHeaders(origin) !== undefined,
      addressOf: (request) => this.#addressOf(request),
      refuse: (request, response, problem) => void this.#answer(request, response, problem),
      problemOf: (error, request) => this.#problemOf(error, this.#readCorrelation(request.headers))
    })
    this.#methodsByPath.set(basePath + route.path, new Set(['GET']))
  }

  /** Starts to listen; 0 takes a free port. Returns the port. */
  async listen(port: number, host: string): Promise<number> {
    for (const [path, methods] of this.#methodsByPath) this.#registerFallbacks(path, methods)
    this.#app.set_not_found_handler((request, response) =>
      this.#conclude(request, response, new Problem('route_not_found'))
    )
    this.#app.set_error_handler((request, response, error) => {
      this.#options.logger.error({ error }, 'the web server failed a request')
      this.#conclude(request, response, new Problem('internal_error'))
    })
    await this.#app.listen(port, host).catch((cause: unknown) => {
      // The library rejects with a text that names neither.
      const place = `${host}:${port}`
      throw new FatalError('HAIL_CONFIG', `expected to listen on ${place}, it cannot be had`, {
        cause
      })
    })
    return this.#app.port
  }

  /** Replies carry `Connection: close` from now on, so that clients move elsewhere. */
  beginDrain(): void {
    this.#isClosing = true
  }

  /**
   * Lets other processes that listen on the port have the new connections; those that are there go on.
   * The kernel resets what has connected and was not accepted, so this closes in a turn of the event
   * loop that found nothing more to accept. With `net.ipv4.tcp_migrate_req` nothing is lost at all.
   */
  async stopListening(): Promise<void> {
    for (let turn = 0; turn < turnsMax; turn += 1) {
      const startedAt = this.#clock.monotonic()
      await new Promise<void>((resolve) => {
        setImmediate(resolve)
      })
      if (turn > 1 && this.#clock.monotonic() - startedAt < quietTurnMs) break
    }
    this.#app.close()
  }

  /** Refuses new requests, waits for those in flight up to `deadlineMs`, stops listening. */
  async drain(deadlineMs: number): Promise<void> {
    this.beginDrain()
    this.#isRefusing = true
    if (this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        const timer = this.#clock.setTimer(resolve, deadlineMs)
        this.#onIdle = () => {
          timer.cancel()
          resolve()
        }
      })
    }
    this.#app.close()
  }

  /** Requests in handlers now. */
  get inFlight(): number {
    return this.#inFlight
  }

  async #serve(endpoint: Endpoint, request: Request, response: Response): Promise<void> {
    const startedAt = this.#clock.monotonic()
    settleHeaders(request)
    const correlation = this.#readCorrelation(request.headers)
    let isRunning = false
    const passage: Passage = {
      endpoint,
      request,
      response,
      address: this.#addressOf(request),
      correlation,
      headers: {},
      onRunning: () => {
        this.#enter()
        isRunning = true
      }
    }
    let reply: Reply | Problem
    let isCounted = false
    try {
      // What reads no body is answered at once, in the order of the connection; what is too long is not
      // buffered meanwhile.
      if (!request.received && isBodyRead(endpoint, request)) await this.#turn()
      if (this.#isRefusing) throw this.#drainingProblem()
      this.#load.enter(passage.address)
      isCounted = true
      reply = await runExchange(passage, this.#ports)
    } catch (error) {
      reply = this.#problemOf(error, correlation)
    }
    // Nobody but the client is waited for from here on.
    const durationMs = this.#clock.monotonic() - startedAt
    if (isRunning) this.#leave()
    if (isCounted && !request.received) await this.#bodyEnd(passage, reply)
    if (isCounted) this.#load.leave(passage.address)
    const isSent = this.#write(passage, reply)
    const status = isSent ? reply.status : clientGone
    this.#record(endpoint.route, correlation, status, durationMs)
  }

  async #servePage(asked: {
    route: NamedRoute
    answer: PageAnswer
    request: Request
    response: Response
  }): Promise<void> {
    const { route, answer, request, response } = asked
    const startedAt = this.#clock.monotonic()
    const correlation = this.#readCorrelation(request.headers)
    let reply: Reply | Problem
    try {
      if (this.#isRefusing) throw this.#drainingProblem()
      this.#options.admission.admitAddress(this.#addressOf(request))
      reply = answer(request.headers['if-none-match'])
    } catch (error) {
      reply = this.#problemOf(error, correlation)
    }
    const durationMs = this.#clock.monotonic() - startedAt
    const to = { request, response, correlation, headers: {} }
    if (!request.received) reply = await this.#whileCounted(to, reply)
    const status = this.#write(to, reply) ? reply.status : clientGone
    this.#record(route, correlation, status, durationMs)
  }

  /** Before a reply: lets the rest of the body go by, for as long as one may take. Without it the connection ends. */
  async #bodyEnd({ request, response }: Addressee, { status }: Reply | Problem): Promise<void> {
    if (isCutOff(request.headers) || status === bodyTimedOut) return
    const isGone = (): boolean => response.completed
    await this.#ports.bodies.pass(() => bodyEnd(request, response), isGone)
  }

  #enter(): void {
    if (this.#inFlight >= this.#options.inFlightMax) {
      throw new Problem('overloaded', {
        detail: 'Too many requests are in progress',
        headers: { 'retry-after': retryAfterSeconds(this.#clock.random) }
      })
    }
    this.#inFlight += 1
  }

  #leave(): void {
    this.#inFlight -= 1
    if (this.#inFlight === 0) this.#onIdle?.()
  }

  /** Whether there was anybody to answer. */
  #write(to: Addressee, reply: Reply | Problem): boolean {
    const { request, response, correlation, headers } = to
    if (response.completed) return false
    response.status(reply.status)
    for (const [name, value] of this.#fixedHeaders) response.header(name, value)
    response.header('x-correlation-id', correlation.correlationId)
    const origin = request.headers['origin']
    if (origin !== undefined) setHeaders(response, this.#cors.replyHeaders(origin))
    setHeaders(response, headers)
    setHeaders(response, reply.headers)
    const isCut = isCutOff(request.headers) || !request.received
    // The library waits for the whole body before it replies, unless it believes to have it.
    if (isCut) request.received = true
    const isLast = isCut || this.#isClosing
    if (reply.status === 304 || request.method === 'HEAD') endWithoutArguments(response)
    if (reply instanceof Problem) {
      response.header('content-type', 'application/problem+json')
      const { correlationId } = correlation
      response.send(reply.render({ instance: request.path, correlationId }), isLast)
      return true
    }
    if (reply.text !== undefined) {
      response.send(reply.text, isLast)
      return true
    }
    if (reply.body !== undefined) response.header('content-type', 'application/json')
    response.send(reply.body === undefined ? undefined : JSON.stringify(reply.body), isLast)
    return true
  }

  #record(
    route: NamedRoute,
    { correlationId }: Correlation,
    status: number,
    durationMs: number
  ): void {
    const { method, path } = route
    this.#observerOf(route, status).observe(durationMs / 1_000)
    const isFailure = status >= 500
    if (!isFailure && this.#clock.random() >= this.#options.accessLogRatio) return
    const silencedCount = isFailure ? this.#failureLines.take() : 0
    if (silencedCount === null) return
    this.#options.logger.info(
      {
        method,
        path,
        statusCode: status,
        durationMs: Math.round(durationMs),
        correlationId,
        ...(isFailure ? { silencedCount } : {})
      },
      'request'
    )
  }

  #observerOf(route: NamedRoute, status: number): Observer {
    let observers = this.#observers.get(route)
    if (observers === undefined) {
      observers = new Map()
      this.#observers.set(route, observers)
    }
    const known = observers.get(status)
    if (known !== undefined) return known
    const { method, path } = route
    const observer = this.#seconds.with({ route: path, method, code: status })
    observers.set(status, observer)
    return observer
  }

  #problemOf(error: unknown, { correlationId }: Correlation): Problem {
    if (error instanceof Problem) return error
    this.#options.logger.error({ error, correlationId }, 'a handler failed')
    return new Problem('internal_error', { cause: error })
  }

  #drainingProblem(): Problem {
    return new Problem('draining', {
      headers: { 'retry-after': retryAfterSeconds(this.#clock.random) }
    })
  }

  #registerFallbacks(path: string, methods: ReadonlySet<string>): void {
    const allow = [...methods, 'OPTIONS'].join(', ')
    this.#app.options(path, (request, response) => this.#preflight(request, response, allow))
    this.#app.any(path, (request, response) =>
      this.#conclude(request, response, new Problem('method_not_allowed', { headers: { allow } }))
    )
  }

  #preflight(request: Request, response: Response, allow: string): void {
    const headers = this.#cors.preflightHeaders(request.headers['origin'])
    if (headers === undefined && request.headers['origin'] !== undefined) {
      this.#conclude(request, response, new Problem('origin_forbidden'))
      return
    }
    // With 204 the library announces a length of 2^63, which proxies refuse.
    this.#conclude(request, response, { status: 200, text: '', headers: { allow, ...headers } })
  }

  /** A reply to a request that reached no route. */
  #conclude(request: Request, response: Response, reply: Reply | Problem): void {
    settleHeaders(request)
    void this.#answer(request, response, reply)
  }

  /** The same once the raw part of the request is gone. */
  async #answer(request: Request, response: Response, reply: Reply | Problem): Promise<void> {
    if (response.completed || response.initiated) return
    const correlation = this.#readCorrelation(request.headers)
    const to = { request, response, correlation, headers: {} }
    this.#write(to, request.received ? reply : await this.#whileCounted(to, reply))
  }

  /** The reply once the body has gone by, which counts as a request in progress. */
  async #whileCounted(to: Addressee, reply: Reply | Problem): Promise<Reply | Problem> {
    const address = this.#addressOf(to.request)
    try {
      this.#load.enter(address)
    } catch (error) {
      return this.#problemOf(error, to.correlation)
    }
    await this.#bodyEnd(to, reply)
    this.#load.leave(address)
    return reply
  }

  #addressOf(request: Request): string {
    const forwardedFor = request.headers['x-forwarded-for']
    return clientAddress(request.ip, forwardedFor, this.#options.trustedProxies)
  }
}

const isBodyRead = ({ validateBody, bodyBytesMax }: Endpoint, { headers }: Request): boolean =>
  validateBody !== undefined && !isCutOff(headers) && announcedBytes(headers) <= bodyBytesMax

const setHeaders = (response: Response, headers: Record<string, string> | undefined): void => {
  for (const name in headers) response.header(name, headers[name] ?? '', true)
}
