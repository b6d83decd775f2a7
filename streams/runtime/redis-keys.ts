/**
 * @module Where the stores of a task lie in Redis. `{}` keeps all keys of a task in one cluster slot.
 *
 * ```
 * hs:{<task>}:<store>           main hash: position, time of the last apply, index of segments; entries
 * hs:{<task>}:<store>@<start>   entries of one segment of a window store, by their key within it
 * hs:{<task>}:<store>:geo       the geographic index derived from the values
 * ```
 *
 * Fields of the main hash that begin with a NUL byte are the runtime's own.
 */
import type { TaskName } from './state-backend.ts'

/** The changelog offset after the last record applied. */
export const positionField = '\0pos'
/** Wall clock of the last apply, epoch ms. */
export const appliedAtField = '\0at'
/** There in the main hash of a window store only. */
export const segmentedField = '\0w'
const segmentFieldPrefix = '\0s'

/** The main hash of one store of a task. */
export function storeHashKey(task: TaskName, store: string): string {
  return `hs:{${task}}:${store}`
}

/** The hash of one segment of a window store. */
export function storeSegmentKey(task: TaskName, store: string, startMs: number): string {
  return `${storeHashKey(task, store)}@${startMs}`
}

/** The geographic index derived from a store. */
export function storeGeoKey(task: TaskName, store: string): string {
  return `${storeHashKey(task, store)}:geo`
}

/** The field of the main hash that says that a segment is live. */
export function segmentField(startMs: number): string {
  return `${segmentFieldPrefix}${startMs}`
}

/** Start of the segment a field stands for; null for any other field. */
export function segmentOfField(field: string): number | null {
  return field.startsWith(segmentFieldPrefix)
    ? Number(field.slice(segmentFieldPrefix.length))
    : null
}

/** True for a field that is no entry of the store. */
export function isRuntimeField(field: string): boolean {
  return field.startsWith('\0')
}
