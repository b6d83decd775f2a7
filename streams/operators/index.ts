/**
 * @module Operators on streams and tables in Kafka Streams' vocabulary. A program names its sources,
 * operators and sinks; `build` cuts it at its topics into sub-topologies that the runtime runs as
 * any others. How an operator is added: see graph.ts.
 */
export type { AsyncCall, MapAsyncOptions } from './async-map.ts'
export type { AggregateOptions, CountOptions, ReduceOptions, SessionMerge } from './fold.ts'
export type { RepartitionOptions } from './graph.ts'
export type { ForeignKeyJoinOptions } from './joins/foreign-key-join.ts'
export { type GlobalJoinOptions, GlobalKTable } from './joins/global-join.ts'
export { type JoinWindow, type JoinWindowOptions, joinWindow } from './joins/join-window.ts'
export type { StreamJoinOptions } from './joins/stream-join.ts'
export type { AsOfOptions, TableLookupOptions } from './joins/stream-table-join.ts'
export type { TableJoinOptions } from './joins/table-join.ts'
export type { HistoryOptions } from './joins/versioned-table.ts'
export { KGroupedStream } from './k-grouped-stream.ts'
export { KGroupedTable, type TableAggregateOptions } from './k-grouped-table.ts'
export { KSessionWindowedStream } from './k-session-windowed-stream.ts'
export { KStream, type RepartitionBy, type SinkOptions } from './k-stream.ts'
export { KTable } from './k-table.ts'
export { KWindowedStream, type WindowedOptions } from './k-windowed-stream.ts'
export type { LateOptions, LateRecord } from './late.ts'
export type { ProcessContext, ProcessOptions, ProcessRecord } from './process.ts'
export type { KeyValue } from './stateless.ts'
export {
  createStreamsBuilder,
  type GlobalTableOptions,
  type SourceOptions,
  StreamsBuilder,
  type TableOptions
} from './streams-builder.ts'
export type { OperatorSubTopology } from './sub-topology.ts'
export {
  hopping,
  type SessionWindows,
  type SlidingWindows,
  session,
  sliding,
  type TimeWindows,
  tumbling
} from './window-spec.ts'
export { keyText, type Windowed, windowedText } from './windowed.ts'
