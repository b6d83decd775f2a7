/**
 * @module The program that the crash tests run: a running count for each key, a window count given
 * out once at its close, durable timers and deletions, every output with its cause.
 */
import {
  type ClosedEntry,
  type Context,
  defineSubTopology,
  type InputRecord,
  jsonFormat,
  longFormat,
  type SubTopology,
  segmentKey,
  type TopicSpec
} from '../../streams/runtime/index.ts'

/** `add` counts, `remind` counts and sets a timer, `remove` deletes the count. */
export type InputKind = 'add' | 'remind' | 'remove'

export interface Input {
  /** Unique. */
  readonly id: string
  readonly kind: InputKind
}

export interface Output {
  /** The input, timer or window that this is the effect of. */
  readonly cause: string
  readonly n: number
}

export const partitions = 4
export const windowMs = 1_000
export const reminderMs = 400
export const stores = ['counts', 'windows', 'timers'] as const

/** Key of an output: what it is, and of which key. */
export const outputKeys = {
  count: (key: string) => `count ${key}`,
  window: (key: string) => `window ${key}`,
  timer: (key: string) => `timer ${key}`
} as const

export const causes = {
  window: (startMs: number) => `window ${startMs}`,
  timer: (id: string) => `timer of ${id}`
} as const

/** Topics of one app; each case has one of its own. */
export function topicsOf(app: string): { input: TopicSpec<Input>; output: TopicSpec<Output> } {
  return {
    input: { name: `${app}_in`, partitions, format: jsonFormat<Input>('CrashInput') },
    output: { name: `${app}_out`, partitions, format: jsonFormat<Output>('CrashOutput') }
  }
}

export function windowStart(timestampMs: number): number {
  return timestampMs - (timestampMs % windowMs)
}

export function crashTopology(app: string): SubTopology {
  const { input, output } = topicsOf(app)
  return defineSubTopology({
    app,
    name: 'counts',
    commitIntervalMs: 50,
    topics: [input, output] as readonly TopicSpec[],
    sources: [input.name],
    outputs: [output.name],
    stores: storesOf(output),
    reads: ({ key, timestampMs }) => ({
      counts: [key],
      windows: [segmentKey(windowStart(timestampMs), key)]
    }),
    on: {
      [input.name]: (ctx: Context<Stores>, { key, value, timestampMs }: InputRecord) => {
        const { id, kind } = value as Input
        if (kind === 'remove') {
          ctx.delete('counts', key)
          ctx.emit(output, outputKeys.count(key), { cause: id, n: 0 })
          return
        }
        const n = (ctx.get('counts', key) ?? 0) + 1
        ctx.put('counts', key, n)
        const windowed = segmentKey(windowStart(timestampMs), key)
        ctx.put('windows', windowed, (ctx.get('windows', windowed) ?? 0) + 1)
        if (kind === 'remind') ctx.setTimer(key, id, timestampMs + reminderMs)
        ctx.emit(output, outputKeys.count(key), { cause: id, n })
      }
    },
    onTimer: (ctx, { key, name }) => {
      const n = ctx.get('counts', key) ?? 0
      ctx.emit(output, outputKeys.timer(key), { cause: causes.timer(name), n })
    }
  })
}

type Stores = ReturnType<typeof storesOf>

function storesOf(output: TopicSpec<Output>) {
  return {
    counts: { format: longFormat, kind: 'remote' },
    windows: {
      format: longFormat,
      kind: 'remote',
      segments: {
        closesAtMs: (startMs: number) => startMs + windowMs,
        onClose: (ctx: Context, { startMs, key, value }: ClosedEntry) =>
          ctx.emit(output, outputKeys.window(key), {
            cause: causes.window(startMs),
            n: value as number
          })
      }
    }
  } as const
}
