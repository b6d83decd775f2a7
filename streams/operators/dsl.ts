/**
 * @module How operators make the streams and tables that they return, without knowing their classes.
 */
import type { StreamHandle, TableHandle } from './handle.ts'
import type { KStream } from './k-stream.ts'
import type { KTable } from './k-table.ts'
import type { Windowed } from './windowed.ts'

/** A key of a stream or table: a text, or a text in one of its windows. */
export type StreamKey = string | Windowed

export interface Dsl {
  stream<V, K extends StreamKey = string>(handle: StreamHandle<V>): KStream<V, K>
  table<V, K extends StreamKey = string>(handle: TableHandle<V>): KTable<V, K>
}
