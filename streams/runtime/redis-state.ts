/**
 * @module The state backend on Redis: one hash for each store of a task with its position as a field
 * of it, one for each segment of a window store, and the derived geographic index beside them. See
 * redis-keys.ts.
 */
import { loadScript, type Redis, type ScriptDefinition } from '../../core/redis/index.ts'
import { applyCalls } from './apply-calls.ts'
import {
  appliedAtField,
  isRuntimeField,
  positionField,
  segmentedField,
  segmentOfField,
  storeGeoKey,
  storeHashKey,
  storeSegmentKey
} from './redis-keys.ts'
import { planReads } from './redis-reads.ts'
import type { ApplyResult, StateBackend, StoreChange, TaskName } from './state-backend.ts'
import { segmentKey } from './store-definition.ts'

export { storeGeoKey, storeHashKey } from './redis-keys.ts'

type ApplyReply = readonly [isApplied: number, storeOrToken?: number | Buffer, position?: Buffer]
type Entry = readonly [key: string, value: Buffer]

export function createRedisState(redis: Redis): StateBackend {
  const applyScript = redis.script(scriptOf('apply-changes'))
  const clearScript = redis.script(scriptOf('clear-store'))

  const segments = async (task: TaskName, store: string): Promise<number[]> =>
    segmentsOf(await redis.hkeys(storeHashKey(task, store)))

  return {
    segments,

    async read(task, reads) {
      const { requests, collect } = planReads(task, reads)
      return collect(await redis.hmgetMany(requests))
    },

    async apply(task, changes, nowMs) {
      let token = ''
      for (const { keys, args } of applyCalls(task, changes, nowMs)) {
        const reply = (await applyScript(keys, args(token))) as ApplyReply
        const result = applyResult(reply, changes)
        if (!result.applied) return result
        token = String(reply[1])
      }
      return { applied: true }
    },

    async position(task, store) {
      const fields = [positionField, appliedAtField]
      const [position, at] = await redis.hmget(storeHashKey(task, store), fields)
      return {
        position: BigInt(position?.toString() ?? '0'),
        appliedAtMs: at ? Number(at.toString()) : null
      }
    },

    async page(task, { store, segment, cursor, count }) {
      const hash =
        segment === null ? storeHashKey(task, store) : storeSegmentKey(task, store, segment)
      const page = await redis.hscan(hash, cursor, count)
      return { cursor: page.cursor, entries: entriesOf(page.entries, segment) }
    },

    async *scan(task, store) {
      const fields: string[] = []
      for await (const page of redis.hscanAll(storeHashKey(task, store))) {
        for (const [field] of page) if (isRuntimeField(field)) fields.push(field)
        yield* entriesOf(page, null)
      }
      for (const segment of segmentsOf(fields)) {
        const pages = redis.hscanAll(storeSegmentKey(task, store, segment))
        for await (const page of pages) yield* entriesOf(page, segment)
      }
    },

    async clear(task, store) {
      const hash = storeHashKey(task, store)
      const isSegmented = (await redis.hget(hash, segmentedField)) !== null
      const starts = isSegmented ? await segments(task, store) : []
      const hashes = starts.map((startMs) => storeSegmentKey(task, store, startMs))
      await clearScript([hash, storeGeoKey(task, store), ...hashes], [])
    }
  }
}

function scriptOf(name: string): ScriptDefinition {
  return loadScript({ name, url: new URL(`./${name}.lua`, import.meta.url), keys: null })
}

/** Ascending, each once: a scan may give a field twice. */
function segmentsOf(fields: readonly string[]): number[] {
  const starts = new Set<number>()
  for (const field of fields) {
    const startMs = segmentOfField(field)
    if (startMs !== null) starts.add(startMs)
  }
  return [...starts].sort((a, b) => a - b)
}

function entriesOf(page: readonly Entry[], segment: number | null): readonly Entry[] {
  return segment === null
    ? page.filter(([field]) => !isRuntimeField(field))
    : page.map(([field, value]) => [segmentKey(segment, field), value] as const)
}

function applyResult(reply: ApplyReply, changes: readonly StoreChange[]): ApplyResult {
  if (reply[0] === 1) return { applied: true }
  const store = changes[Number(reply[1] ?? 1) - 1]?.store ?? ''
  return { applied: false, store, position: BigInt(reply[2]?.toString() ?? '0') }
}
