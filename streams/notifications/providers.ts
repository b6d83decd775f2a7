/**
 * @module The gateways that reach people's phones, over HTTP. A notification is posted as JSON with its
 * id as `idempotency-key`, so a try whose answer got lost is not delivered twice. A gateway knows
 * devices and numbers by user id; none of them pass through here.
 *
 * | answer                          | means                                        |
 * |---------------------------------|----------------------------------------------|
 * | 2xx, 409                        | sent (409: it already had it)                |
 * | 408, 429, 5xx, none, time-out   | failed, tried again; `retry-after` in seconds |
 * | any other                       | rejected for good                            |
 */
import type { NotificationChannel, NotificationTask } from '../../avro/index.ts'
import { type Clock, describeForeignError } from '../../core/index.ts'
import { Circuit, type CircuitRules } from './circuit.ts'
import type { Delivery } from './delivery.ts'
import { Limiter } from './limiter.ts'

/** Something that can deliver. Never throws: what goes wrong is in the result. */
export interface Provider {
  readonly name: string
  deliver(task: NotificationTask): Promise<Delivery>
}

export type Providers = Readonly<Record<NotificationChannel, Provider>>

/** The part of `fetch` that is used. */
export type Fetch = (
  url: string,
  init: {
    readonly method: 'POST'
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
    readonly redirect: 'error'
    readonly signal: AbortSignal
  }
) => Promise<{
  readonly status: number
  readonly headers: { get(name: string): string | null }
  arrayBuffer(): Promise<ArrayBuffer>
}>

export interface HttpProviderOptions {
  readonly name: string
  readonly url: string
  readonly fetch: Fetch
  readonly clock: Clock
  /** Longest wait for an answer, ms; 2,000 when absent. */
  readonly timeoutMs?: number
  /** Calls in flight at once; 32 when absent. */
  readonly concurrencyMax?: number
  /** 8 failures in a row and 10 s when absent: at most 8 x 2 s of a task's time lost to an outage. */
  readonly circuit?: CircuitRules
}

/** A provider behind an HTTP gateway, with its own limiter and circuit breaker. */
export function createHttpProvider(options: HttpProviderOptions): Provider {
  const { name, clock } = options
  const limiter = new Limiter(options.concurrencyMax ?? 32)
  const circuit = new Circuit(clock, options.circuit ?? { failuresMax: 8, openMs: 10_000 })
  return {
    name,
    deliver: (task) =>
      limiter.run(async () => {
        if (!circuit.admit()) return { kind: 'unavailable', provider: name }
        const { delivery, isHealthy } = await post(options, task)
        if (isHealthy) circuit.succeeded()
        else circuit.failed()
        return delivery
      })
  }
}

/** Push and SMS gateways at their addresses. */
export function createHttpProviders(
  options: Omit<HttpProviderOptions, 'name' | 'url'> & {
    readonly pushUrl: string
    readonly smsUrl: string
  }
): Providers {
  const { pushUrl, smsUrl, ...shared } = options
  return {
    PUSH: createHttpProvider({ ...shared, name: 'push', url: pushUrl }),
    SMS: createHttpProvider({ ...shared, name: 'sms', url: smsUrl })
  }
}

/** One call; `isHealthy` says whether the gateway itself is well, whatever it thinks of the task. */
async function post(
  options: HttpProviderOptions,
  task: NotificationTask
): Promise<{ delivery: Delivery; isHealthy: boolean }> {
  const { name, url, fetch, clock } = options
  const abort = new AbortController()
  const timer = clock.setTimer(() => abort.abort(), options.timeoutMs ?? 2_000)
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': task.notificationId },
      body: bodyOf(task),
      // A gateway that points elsewhere would be handed the message and, by some, the key.
      redirect: 'error',
      signal: abort.signal
    })
    // Read to its end, else the connection cannot be used again.
    await response.arrayBuffer()
    const { status } = response
    const isThrottled = status === 429
    return {
      delivery: deliveryOf(name, status, response.headers.get('retry-after')),
      isHealthy: status < 500 || isThrottled
    }
  } catch (error) {
    const reason = abort.signal.aborted ? 'timeout' : describeForeignError(error)
    return {
      delivery: { kind: 'failed', provider: name, error: reason, retryAfterMs: null },
      isHealthy: false
    }
  } finally {
    timer.cancel()
  }
}

function deliveryOf(provider: string, status: number, retryAfter: string | null): Delivery {
  if ((status >= 200 && status < 300) || status === 409) return { kind: 'sent', provider }
  const error = `http_${status}`
  if (status !== 408 && status !== 429 && status < 500) return { kind: 'rejected', provider, error }
  const seconds = Number(retryAfter ?? Number.NaN)
  const retryAfterMs = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null
  return { kind: 'failed', provider, error, retryAfterMs }
}

function bodyOf(task: NotificationTask): string {
  const { notificationId, userId, role, channel, template, params, rideId } = task
  return JSON.stringify({ notificationId, userId, role, channel, template, params, rideId })
}
