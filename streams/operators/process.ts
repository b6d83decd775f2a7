/**
 * @module The way out of the operators: a handler with stores and timers of its own in the middle of a
 * stream.
 */
import type {
  Context,
  InputRecord,
  StoreDefinitions,
  StoreReads,
  Timer,
  TimerClock
} from '../runtime/index.ts'
import { type Flow, type Forward, forwardAt } from './flow.ts'
import { requireKey, type StreamHandle, streamBelow } from './handle.ts'

/** The record at hand. */
export interface ProcessRecord<V> {
  readonly key: string
  readonly value: V
  readonly timestampMs: number
}

/** What a handler may do: the stores and timers of its node, and results for the operators below. */
export interface ProcessContext<R, S extends StoreDefinitions>
  extends Pick<
    Context<S>,
    'taskTimeMs' | 'streamTimeMs' | 'windowTimeMs' | 'wallMs' | 'partition' | 'scratch'
  > {
  get: Context<S>['get']
  put: Context<S>['put']
  delete: Context<S>['delete']
  all: Context<S>['all']
  count: Context<S>['count']
  /** Sends the record at hand to the dead letter topic of its source; what the handler did stays. */
  deadLetter(code: string, message: string): void
  /** Hands a result to the operators below, with the record's timestamp when none is given. */
  forward(key: string, value: R, timestampMs?: number): void
  /** Sets or replaces the timer (key, name) of this node. */
  setTimer(key: string, name: string, dueMs: number, clock?: TimerClock): void
  cancelTimer(key: string, name: string): void
}

export interface ProcessOptions<V, R, S extends StoreDefinitions> {
  readonly name: string
  /** Stores by name, besides those of all other operators. */
  readonly stores?: S
  readonly handle: (ctx: ProcessContext<R, S>, record: ProcessRecord<V>) => void
  /** A timer set by this node is due. The node's own stores can be read by the timer's key. */
  readonly onTimer?: (ctx: ProcessContext<R, S>, timer: Timer) => void
  /**
   * Keys that `handle` will touch, for a record as it was at the source; its key in each store when
   * absent.
   */
  readonly reads?: (record: InputRecord) => StoreReads<S>
}

/** The results count as keyed and timed anew, since the handler names both. */
export function processNode<V, R, S extends StoreDefinitions>(
  above: StreamHandle<V>,
  options: ProcessOptions<V, R, S>
): StreamHandle<R> {
  const { graph } = above
  const name = graph.claim('process', options.name)
  const stores = Object.keys(options.stores ?? {})
  const isStateful = stores.length > 0 || options.onTimer !== undefined
  if (isStateful) requireKey(above, `process ${name}`)
  const { handle, onTimer, reads } = options
  const node = graph.add({
    kind: 'process',
    name,
    parents: [above.node],
    ...(options.stores && { stores: options.stores }),
    create: (forward) => {
      const ctx = new NodeContext(name, forward)
      const run = (flow: Flow, act: (ctx: ProcessContext<R, S>) => void): void => {
        ctx.flow = flow
        act(ctx as unknown as ProcessContext<R, S>)
      }
      return {
        process: (flow, key, value) =>
          run(flow, (own) =>
            handle(own, { key: key as string, value: value as V, timestampMs: flow.timestampMs })
          ),
        ...(isStateful && {
          reads: (want, record) => {
            const named = (reads?.(record) ?? {}) as Record<string, readonly string[] | undefined>
            for (const store of stores) {
              for (const key of reads ? (named[store] ?? []) : [record.key]) want(store, key)
            }
          }
        }),
        ...(onTimer && { onTimer: (flow, timer) => run(flow, (own) => onTimer(own, timer)) })
      }
    }
  })
  return streamBelow<R>(above, { node, isKeyChanged: true, isTimeChanged: true, isPure: false })
}

/** The task's context as one node sees it: its timers bear the node's name. */
class NodeContext {
  flow!: Flow
  readonly #name: string
  readonly #forward: Forward

  constructor(name: string, forward: Forward) {
    this.#name = name
    this.#forward = forward
  }

  get taskTimeMs(): number {
    return this.flow.ctx.taskTimeMs
  }

  get streamTimeMs(): number {
    return this.flow.ctx.streamTimeMs
  }

  get windowTimeMs(): number {
    return this.flow.ctx.windowTimeMs
  }

  get wallMs(): number {
    return this.flow.ctx.wallMs
  }

  get partition(): number {
    return this.flow.ctx.partition
  }

  get scratch(): Map<string, unknown> {
    return this.flow.ctx.scratch
  }

  get(store: string, key: string): unknown {
    return this.flow.ctx.get(store, key)
  }

  put(store: string, key: string, value: never): void {
    this.flow.ctx.put(store, key, value)
  }

  delete(store: string, key: string): void {
    this.flow.ctx.delete(store, key)
  }

  all(store: string): IterableIterator<[string, unknown]> {
    return this.flow.ctx.all(store)
  }

  count(name: string, labels?: Readonly<Record<string, string>>): void {
    this.flow.ctx.count(name, labels)
  }

  deadLetter(code: string, message: string): void {
    this.flow.ctx.deadLetter(code, message)
  }

  forward(key: string, value: unknown, timestampMs = this.flow.timestampMs): void {
    forwardAt(this.#forward, this.flow, { key, value, old: null, timestampMs })
  }

  setTimer(key: string, name: string, dueMs: number, clock?: TimerClock): void {
    this.flow.ctx.setTimer(key, `${this.#name}:${name}`, dueMs, clock)
  }

  cancelTimer(key: string, name: string): void {
    this.flow.ctx.cancelTimer(key, `${this.#name}:${name}`)
  }
}
