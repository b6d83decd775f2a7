/**
 * @module The state backend on Redis: one hash for each store of a task, its position a field of it,
 * and the derived geographic index beside it in the same slot. Field names that begin with a NUL
 * byte are the runtime's own.
 */
import { loadScript, type Redis, type ScriptArgument } from '../../core/redis/index.ts'
import type {
  ApplyResult,
  StateBackend,
  StoreChange,
  StoreRead,
  StoreReadResult,
  TaskName
} from './state-backend.ts'

const positionField = '\0pos'
const appliedAtField = '\0at'

/** The hash of one store of a task; `{}` keeps all of a task's keys in one cluster slot. */
export function storeHashKey(task: TaskName, store: string): string {
  return `hs:{${task}}:${store}`
}

/** The geographic index derived from a store. */
export function storeGeoKey(task: TaskName, store: string): string {
  return `${storeHashKey(task, store)}:geo`
}

/** Keys read in one HMGET. */
const readKeysMax = 4_000

export function createRedisState(redis: Redis): StateBackend {
  const applyScript = redis.script(
    loadScript({
      name: 'apply-changes',
      url: new URL('./apply-changes.lua', import.meta.url),
      keys: null
    })
  )
  return {
    async read(task, reads) {
      const requests = reads.flatMap((read) => slices(task, read))
      const answers = await redis.hmgetMany(requests)
      return gather(reads, answers)
    },

    async apply(task, changes, nowMs) {
      const keys = changes.flatMap(({ store }) => [
        storeHashKey(task, store),
        storeGeoKey(task, store)
      ])
      const reply = (await applyScript(keys, [nowMs, ...changes.flatMap(encodeChange)])) as [
        number,
        number?,
        Buffer?
      ]
      return applyResult(reply, changes)
    },

    async position(task, store) {
      const [position, at] = await redis.hmget(storeHashKey(task, store), [
        positionField,
        appliedAtField
      ])
      return {
        position: BigInt(position?.toString() ?? '0'),
        appliedAtMs: at ? Number(at.toString()) : null
      }
    },

    async *scan(task, store) {
      for await (const page of redis.hscanAll(storeHashKey(task, store))) {
        for (const [key, value] of page) if (!key.startsWith('\0')) yield [key, value] as const
      }
    },

    async clear(task, store) {
      await redis.del([storeHashKey(task, store), storeGeoKey(task, store)])
    }
  }
}

function slices(task: TaskName, read: StoreRead): { key: string; fields: string[] }[] {
  const key = storeHashKey(task, read.store)
  const found: { key: string; fields: string[] }[] = []
  for (let i = 0; i === 0 || i < read.keys.length; i += readKeysMax) {
    found.push({ key, fields: [positionField, ...read.keys.slice(i, i + readKeysMax)] })
  }
  return found
}

/** Joins the slices again. A position that moved between two slices shows as the latest one. */
function gather(
  reads: readonly StoreRead[],
  answers: readonly (Buffer | null)[][]
): StoreReadResult[] {
  let next = 0
  return reads.map((read) => {
    const values: (Buffer | null)[] = []
    const positions = new Set<string>()
    for (let i = 0; i === 0 || i < read.keys.length; i += readKeysMax) {
      const [position, ...rest] = answers[next] ?? []
      positions.add(position?.toString() ?? '0')
      for (const value of rest) values.push(value)
      next += 1
    }
    // Two positions in one read: another owner writes. -1 is nobody's position, so the caller restores.
    const position = positions.size === 1 ? BigInt([...positions][0] ?? '0') : -1n
    return { position, values }
  })
}

function encodeChange(change: StoreChange): ScriptArgument[] {
  const args: ScriptArgument[] = [
    String(change.from),
    String(change.to),
    change.puts.length,
    change.deletes.length,
    change.geoPuts.length,
    change.geoDeletes.length
  ]
  for (const [key, value] of change.puts) args.push(key, value)
  for (const key of change.deletes) args.push(key)
  for (const { key, lon, lat } of change.geoPuts) args.push(lon, lat, key)
  for (const key of change.geoDeletes) args.push(key)
  return args
}

function applyResult(
  reply: [number, number?, Buffer?],
  changes: readonly StoreChange[]
): ApplyResult {
  if (reply[0] === 1) return { applied: true }
  const store = changes[(reply[1] ?? 1) - 1]?.store ?? ''
  return { applied: false, store, position: BigInt(reply[2]?.toString() ?? '0') }
}
