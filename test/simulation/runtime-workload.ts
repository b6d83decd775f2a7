/**
 * @module The topology that the simulation of the runtime runs: everything the runtime has, in one
 * handler, with each output naming its cause. runtime-model.ts folds the same inputs without a runtime.
 */
import { createLocalCodec } from '../../avro/index.ts'
import {
  defineSubTopology,
  jsonFormat,
  longFormat,
  readTtl,
  type SubTopology,
  segmentKey,
  stringFormat,
  type Timer,
  type TopicSpec,
  timersStore
} from '../../streams/runtime/index.ts'

export const codec = createLocalCodec()
export const partitions = 2
export const keys = ['ann', 'bob', 'cid', 'dee', 'eve'] as const

export interface SimInput {
  readonly id: string
}

export interface SimOutput {
  readonly cause: string
  readonly payload: string
}

export const inputTopic: TopicSpec<SimInput, 'sim_inputs'> = {
  name: 'sim_inputs',
  partitions,
  format: jsonFormat('sim_input')
}

export const outputTopic: TopicSpec<SimOutput, 'sim_outputs'> = {
  name: 'sim_outputs',
  partitions,
  format: jsonFormat('sim_output')
}

/** A key is forgotten this long after its last input. Odd, as timestamps are even: nothing is due at a record. */
export const idleMs = 3_001
/** Every so many inputs of a key its timer is cancelled, or its resident count removed. */
export const cancelEvery = 4
export const removeEvery = 7
export const windowMs = 4_000
export const closesAfterMs = windowMs + 1_001
export const ttlMs = 2_501
export const expiringStore = 'recent'

export const windowStart = (timestampMs: number): number => timestampMs - (timestampMs % windowMs)

/** Counts, times out, windows and expires. */
export function simTopology(): SubTopology {
  return defineSubTopology({
    app: 'sim',
    name: 'work',
    topics: [inputTopic, outputTopic],
    sources: ['sim_inputs'],
    stores: {
      counts: { format: longFormat, kind: 'remote' },
      seen: { format: longFormat, kind: 'resident' },
      recent: { format: stringFormat, kind: 'remote', ttlMs },
      windows: {
        format: longFormat,
        kind: 'remote',
        segments: {
          closesAtMs: (startMs) => startMs + closesAfterMs,
          onClose: (ctx, { startMs, key, value }) => {
            const cause = `close|${segmentKey(startMs, key)}`
            ctx.emit(outputTopic, segmentKey(startMs, key), { cause, payload: String(value) })
          }
        }
      },
      // Dropped whole when they close.
      slots: {
        format: longFormat,
        kind: 'remote',
        segments: { closesAtMs: (startMs) => startMs + closesAfterMs }
      }
    },
    outputs: ['sim_outputs'],
    commitIntervalMs: 100,
    reads: ({ key, timestampMs }) => ({
      counts: [key],
      recent: [key],
      windows: [segmentKey(windowStart(timestampMs), key)],
      slots: [segmentKey(windowStart(timestampMs), key)]
    }),
    on: {
      sim_inputs: (ctx, { key, value: { id }, timestampMs }) => {
        const n = (ctx.get('counts', key) ?? 0) + 1
        const previous = ctx.get('recent', key) ?? 'none'
        ctx.put('counts', key, n)
        ctx.put('recent', key, id)
        if (n % cancelEvery === 0) ctx.cancelTimer(key, 'idle')
        else ctx.setTimer(key, 'idle', timestampMs + idleMs)
        const seen = (ctx.get('seen', key) ?? 0) + 1
        if (seen % removeEvery === 0) ctx.delete('seen', key)
        else ctx.put('seen', key, seen)
        const slot = segmentKey(windowStart(timestampMs), key)
        ctx.put('windows', slot, (ctx.get('windows', slot) ?? 0) + 1)
        const inSlot = (ctx.get('slots', slot) ?? 0) + 1
        ctx.put('slots', slot, inSlot)
        const payload = `${n} after ${previous}, ${inSlot} in slot`
        ctx.emit(outputTopic, key, { cause: id, payload })
      }
    },
    onTimer: (ctx, { key, dueMs }) => {
      const n = ctx.get('counts', key) ?? 0
      ctx.emit(outputTopic, key, { cause: `idle|${key}|${dueMs}`, payload: `${n} gone` })
      ctx.delete('counts', key)
    }
  })
}

/** How the bytes of the stores are shown to the checker. */
export function storeText(store: string, bytes: Buffer): string {
  if (store === timersStore) return String((codec.decode('TimerState', bytes) as Timer).dueMs)
  if (store !== expiringStore) return String(longFormat.decode(bytes, codec))
  const { writtenAtMs, payload } = readTtl(bytes)
  return `${payload}@${writtenAtMs}`
}
