/**
 * @module Operators that keep nothing. A stream's results carry the timestamp of their input; a
 * result's key and value are new, what was there is not changed.
 */
import type { Forward } from './flow.ts'
import type { Node } from './graph.ts'
import { type StreamHandle, streamBelow } from './handle.ts'

type Process = (forward: Forward) => Forward

function pureNode(above: StreamHandle<unknown>, kind: string, process: Process): Node {
  return above.graph.add({
    kind,
    parents: [above.node],
    isPure: true,
    create: (forward) => ({ process: process(forward) })
  })
}

/** What a function made of one record, where it changes the key. */
export interface KeyValue<V, K = string> {
  readonly key: K
  readonly value: V
}

export function mapNode<V>(
  above: StreamHandle<unknown>,
  map: (value: never, key: never) => KeyValue<V, unknown>
): StreamHandle<V> {
  const node = pureNode(above, 'map', (forward) => (flow, key, value) => {
    const mapped = map(value as never, key as never)
    forward(flow, mapped.key, mapped.value, null)
  })
  return streamBelow(above, { node, isKeyChanged: true })
}

export function mapValuesNode<V>(
  above: StreamHandle<unknown>,
  map: (value: never, key: never) => V
): StreamHandle<V> {
  const node = pureNode(above, 'mapValues', (forward) => (flow, key, value) => {
    forward(flow, key, map(value as never, key as never), null)
  })
  return streamBelow(above, { node })
}

export function filterNode<V>(
  above: StreamHandle<V>,
  isWanted: (value: never, key: never) => boolean,
  wanted: boolean
): StreamHandle<V> {
  const kind = wanted ? 'filter' : 'filterNot'
  const node = pureNode(above, kind, (forward) => (flow, key, value) => {
    if (isWanted(value as never, key as never) === wanted) forward(flow, key, value, null)
  })
  return streamBelow(above, { node, format: above.format })
}

export function flatMapNode<V>(
  above: StreamHandle<unknown>,
  map: (value: never, key: never) => Iterable<KeyValue<V, unknown>>
): StreamHandle<V> {
  const node = pureNode(above, 'flatMap', (forward) => (flow, key, value) => {
    for (const made of map(value as never, key as never)) forward(flow, made.key, made.value, null)
  })
  return streamBelow(above, { node, isKeyChanged: true })
}

export function flatMapValuesNode<V>(
  above: StreamHandle<unknown>,
  map: (value: never, key: never) => Iterable<V>
): StreamHandle<V> {
  const node = pureNode(above, 'flatMapValues', (forward) => (flow, key, value) => {
    for (const made of map(value as never, key as never)) forward(flow, key, made, null)
  })
  return streamBelow(above, { node })
}

export function selectKeyNode<V>(
  above: StreamHandle<V>,
  select: (value: never, key: never) => unknown
): StreamHandle<V> {
  const node = pureNode(above, 'selectKey', (forward) => (flow, key, value) => {
    forward(flow, select(value as never, key as never), value, null)
  })
  return streamBelow(above, { node, format: above.format, isKeyChanged: true })
}

/** The look is a side effect: where the operators above a call out run ahead, it is left out. */
export function peekNode<V>(
  above: StreamHandle<V>,
  look: (value: never, key: never, timestampMs: number) => void
): StreamHandle<V> {
  const node = pureNode(above, 'peek', (forward) => (flow, key, value) => {
    if (!flow.isAhead) look(value as never, key as never, flow.timestampMs)
    forward(flow, key, value, null)
  })
  return streamBelow(above, { node, format: above.format })
}

/**
 * One stream for each predicate; a record goes to the first whose predicate holds, or nowhere. The
 * split passes the branch's number as `old`, which streams leave free.
 */
export function branchNodes<V>(
  above: StreamHandle<V>,
  predicates: Readonly<Record<string, (value: never, key: never) => boolean>>
): Record<string, StreamHandle<V>> {
  const tests = Object.values(predicates)
  const split = pureNode(above, 'branch', (forward) => (flow, key, value) => {
    for (let index = 0; index < tests.length; index += 1) {
      if (tests[index]?.(value as never, key as never) === true) {
        forward(flow, key, value, index)
        return
      }
    }
  })
  const below = streamBelow<V>(above, { node: split, format: above.format })
  return Object.fromEntries(
    Object.keys(predicates).map((name, index) => {
      const node = pureNode(below, `branch ${name}`, (forward) => (flow, key, value, chosen) => {
        if (chosen === index) forward(flow, key, value, null)
      })
      return [name, { ...below, node }]
    })
  )
}

/** All records of two streams, in the order in which their task handles them. */
export function mergeNode<V>(left: StreamHandle<V>, right: StreamHandle<V>): StreamHandle<V> {
  const node = left.graph.add({
    kind: 'merge',
    parents: [left.node, right.node],
    isPure: true,
    create: (forward) => ({ process: forward })
  })
  return {
    graph: left.graph,
    node,
    format: left.format === right.format ? left.format : null,
    isKeyChanged: left.isKeyChanged || right.isKeyChanged,
    isTimeChanged: left.isTimeChanged || right.isTimeChanged,
    isPure: left.isPure && right.isPure
  }
}
