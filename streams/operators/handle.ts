/**
 * @module Handles: what the operators below need to know of a stream or a table besides its node.
 */
import type { Format } from '../runtime/index.ts'
import type { Flow, WantKey } from './flow.ts'
import type { Graph, Node } from './graph.ts'

/** A stream in the graph. */
export interface StreamHandle<V> {
  readonly graph: Graph
  readonly node: Node
  /** How the values are written, where an operator above has said it and none has changed them since. */
  readonly format: Format<V> | null
  /** True when the key is no longer that of the source's record, so that no store can be read by it. */
  readonly isKeyChanged: boolean
  /** True when results carry another timestamp than the source's record. */
  readonly isTimeChanged: boolean
  /** True when nothing above keeps state: calls out are allowed. */
  readonly isPure: boolean
}

/** A value with the highest timestamp that went into it. */
export interface Timestamped<V> {
  readonly value: V
  readonly timestampMs: number
}

/** How another operator of the same sub-topology reads a table. */
export interface TableGetter<V> {
  /** The store that it reads. */
  readonly store: string
  get(flow: Flow, key: string): Timestamped<V> | undefined
  /** Its earlier versions, where it keeps them. */
  readonly history?: TableHistory<V>
}

/** How another operator reads a table's earlier versions, from the same store. */
export interface TableHistory<V> {
  /** How far back it reaches from stream time, ms. */
  readonly retentionMs: number
  /** The version that was valid at a time; undefined for none, or one that is kept no longer. */
  get(flow: Flow, key: string, timestampMs: number): Timestamped<V> | undefined
}

/** A table in the graph. Its node forwards new and old values. */
export interface TableHandle<V> {
  readonly graph: Graph
  readonly node: Node
  readonly format: Format<V> | null
  /** Null for a table that cannot be read by key: one below windows. */
  readonly getter: TableGetter<V> | null
  readonly isTimeChanged: boolean
}

/** A stream below another: as that one, but for what is named. */
export function streamBelow<V>(
  above: StreamHandle<unknown>,
  changes: { readonly node: Node } & Partial<Omit<StreamHandle<V>, 'graph' | 'node'>>
): StreamHandle<V> {
  return { ...above, format: null, ...changes }
}

/** Names a table's entry among the keys to read ahead. */
export function wantEntry(want: WantKey, getter: TableGetter<unknown>, key: string): void {
  want(getter.store, key)
}

/** @throws FatalError HAIL_TOPOLOGY when the key is no longer the source's */
export function requireKey(stream: StreamHandle<unknown>, kind: string): void {
  if (!stream.isKeyChanged) return
  throw stream.graph.wiring(
    `${kind}: expected a stream keyed as its topic, got one whose key was changed; put ` +
      '.repartition({ name, format }) before it'
  )
}

/** @throws FatalError HAIL_TOPOLOGY when the timestamp is no longer the source's */
export function requireTime(stream: StreamHandle<unknown>, kind: string): void {
  if (!stream.isTimeChanged) return
  throw stream.graph.wiring(
    `${kind}: expected timestamps as in its topic, got those of a table's results; put ` +
      '.repartition({ name, format }) before it'
  )
}

/** @throws FatalError HAIL_TOPOLOGY when neither the options nor the stream say how values are written */
export function requireFormat<V>(
  stream: { readonly graph: Graph; readonly format: Format<V> | null },
  kind: string,
  format: Format<NonNullable<V>> | undefined
): Format<NonNullable<V>> {
  const found = format ?? stream.format
  if (found !== null) return found as Format<NonNullable<V>>
  throw stream.graph.wiring(`${kind}: expected a format, since the values were changed; name one`)
}
