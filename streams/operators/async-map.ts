/**
 * @module Calls out of a stream (HTTP, a database) inside the exactly-once guarantee: made before the
 * batch is handled, in order for each key of the source, many keys at once; what they return is part of
 * the transaction that commits the offsets.
 */
import { type Clock, isHailError } from '../../core/index.ts'
import type { CallResults } from './effect.ts'
import type { CallInput, CallOutcome } from './graph.ts'
import { type StreamHandle, streamBelow } from './handle.ts'

/** What a call is made with. */
export interface AsyncCall<V, K> {
  readonly key: K
  readonly value: V
  readonly timestampMs: number
  /** The same when the call is repeated after a failed commit or a crash: an idempotency key for the other side. */
  readonly id: string
  /** Aborted at the timeout. */
  readonly signal: AbortSignal
}

export interface MapAsyncOptions<V, R, K> {
  readonly name: string
  /**
   * The call. It may be made more than once for a record, so it has to be idempotent by `id`. A
   * rejection is tried again; one with a reaction of `skip-to-dlq` is not.
   */
  readonly call: (input: AsyncCall<V, K>) => Promise<R>
  readonly clock: Clock
  /** Longest time for one attempt, ms. */
  readonly timeoutMs: number
  /** Calls of one task in flight at once, each of another key; 16 when absent. */
  readonly concurrency?: number
  /** Attempts after the first; 3 when absent. After the last failure the record is dead-lettered. */
  readonly retries?: number
  /** Wait before the first retry, ms, doubled for each further one up to `backoffMsMax`; 100 when absent. */
  readonly backoffMs?: number
  /** 5000 when absent. */
  readonly backoffMsMax?: number
}

const concurrencyDefault = 16
const retriesDefault = 3
const backoffMsDefault = 100
const backoffMsMaxDefault = 5000

/**
 * The operators above run once more, ahead of the handling, so they have to give the same for the
 * same record. Null, a deletion, passes without a call.
 *
 * @throws FatalError HAIL_TOPOLOGY below an operator with state: its results are not known ahead
 */
export function mapAsyncNode<V, R, K>(
  above: StreamHandle<V>,
  options: MapAsyncOptions<NonNullable<V>, R, K>
): StreamHandle<R | Extract<V, null>> {
  const { graph } = above
  const name = graph.claim('mapAsync', options.name)
  if (!above.isPure) {
    throw graph.wiring(
      `mapAsync ${name}: expected no operator with state above it, got one; put ` +
        '.repartition({ name, format }) in between'
    )
  }
  const node = graph.add({
    kind: 'mapAsync',
    name,
    parents: [above.node],
    isPure: true,
    callOut: {
      concurrency: options.concurrency ?? concurrencyDefault,
      call: createCall(options)
    },
    create: (forward) => ({
      process: (flow, key, value) => {
        if (value === null) {
          forward(flow, key, null, null)
          return
        }
        const outcome = (flow.ctx.effect as CallResults | undefined)?.get(node)?.shift()
        if (outcome?.isOk) forward(flow, key, outcome.value, null)
        else flow.ctx.deadLetter('HAIL_UNDELIVERED', `${name}: ${outcome?.message ?? noOutcome}`)
      }
    })
  })
  return streamBelow(above, { node })
}

const noOutcome = 'expected the outcome of a call, got none: the operators above are not pure'

function createCall<V, R, K>(options: MapAsyncOptions<V, R, K>) {
  const retries = options.retries ?? retriesDefault
  const backoffMsMax = options.backoffMsMax ?? backoffMsMaxDefault
  return async (input: CallInput): Promise<CallOutcome> => {
    let backoffMs = options.backoffMs ?? backoffMsDefault
    for (let attempt = 0; ; attempt += 1) {
      try {
        return { isOk: true, value: await callOnce(options, input) }
      } catch (error) {
        const isFinal = isHailError(error) && error.reaction === 'skip-to-dlq'
        if (isFinal || attempt >= retries) {
          const text = error instanceof Error ? error.message : String(error)
          return { isOk: false, message: `${attempt + 1} calls failed, the last with: ${text}` }
        }
      }
      await options.clock.sleep(Math.min(backoffMs, backoffMsMax))
      backoffMs *= 2
    }
  }
}

async function callOnce<V, R, K>(
  { call, clock, timeoutMs }: MapAsyncOptions<V, R, K>,
  input: CallInput
): Promise<R> {
  const controller = new AbortController()
  const { signal } = controller
  const timer = clock.setTimer(
    () => controller.abort(new Error(`expected an answer within ${timeoutMs} ms, got none`)),
    timeoutMs
  )
  const timeout = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  try {
    return await Promise.race([
      call({ ...(input as CallInput & AsyncCall<V, K>), signal }),
      timeout
    ])
  } finally {
    timer.cancel()
  }
}
