/**
 * @module Records that are too late for a window: counted for each window they missed, in
 * `hail_streams_operator_records_total{outcome="late"}`, and handed on where the program says so.
 */
import type { TopicName } from '../../avro/index.ts'
import type { TopicSpec } from '../runtime/index.ts'
import type { Flow } from './flow.ts'
import type { SinkSpec } from './graph.ts'
import { sinkOf } from './sink.ts'
import type { Windowed } from './windowed.ts'

/** A record and a window that it was too late for. */
export interface LateRecord<V> {
  readonly value: V
  readonly timestampMs: number
  readonly window: Windowed
}

export interface LateOptions<V> {
  /** Topic that takes each late record, once, with its key and timestamp: it may still be in other windows. */
  readonly to?: TopicSpec<V> | TopicName
  /** Called for each window that a record missed; once more when a batch is repeated. */
  readonly run?: (late: LateRecord<V>) => void
}

/** What an operator does with late records. */
export interface Late {
  readonly sinks: readonly SinkSpec[]
  /** The record at hand has missed one window. */
  missed(flow: Flow, value: unknown, window: Windowed): void
  /** The record at hand has missed at least one window; after the last `missed` of it. */
  record(flow: Flow, key: string, value: unknown): void
}

export function createLate<V>(name: string, { to, run }: LateOptions<V> = {}): Late {
  const sink = to === undefined ? null : sinkOf(to as TopicSpec<never>)
  return {
    sinks: sink === null ? [] : [sink],
    missed: ({ ctx, timestampMs }, value, window) => {
      ctx.countOperator(name, 'late')
      run?.({ value: value as V, timestampMs, window })
    },
    record: ({ ctx, timestampMs }, key, value) => {
      if (sink !== null) ctx.emit(sink.topic, key, value, { timestampMs })
    }
  }
}
