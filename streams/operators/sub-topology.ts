/**
 * @module One group of nodes as a sub-topology: operators are made from below upwards, sources
 * dispatch to them, and the keys that a source's record needs are the union over the operators below it.
 */
import {
  defineSubTopology,
  type GlobalTableDefinition,
  type InputRecord,
  isCatalogueTopic,
  type OperatorDescription,
  type StoreDefinition,
  type StoreDefinitions,
  type SubTopology,
  type SubTopologyDefinition,
  type TopicSpec
} from '../runtime/index.ts'
import { reachableFrom } from './components.ts'
import { createEffect } from './effect.ts'
import type { Flow, Forward, Operator } from './flow.ts'
import type { Graph, Node, SinkSpec } from './graph.ts'

/** A sub-topology with the operators it was made of. */
export type OperatorSubTopology = SubTopology & {
  readonly operators: readonly OperatorDescription[]
}

type Definition = SubTopologyDefinition<StoreDefinitions, string, readonly TopicSpec<never>[]>
type Operators = ReadonlyMap<Node, Operator>

/** @throws FatalError HAIL_TOPOLOGY when the group is wired wrongly */
export function subTopologyOf(graph: Graph, group: readonly Node[]): OperatorSubTopology {
  const operators = createOperators(group)
  const flow = { isAhead: false } as Flow
  const sources = group.filter((node) => node.source !== undefined)
  const definition = {
    ...graph.options,
    name: sources[0]?.name as string,
    waitsForAll: sources.length > 1,
    ...topicsOf(group),
    stores: storesOf(graph, group, { operators, flow }),
    on: Object.fromEntries(sources.map((node) => dispatch(node, { operators, flow }))),
    onTombstone: tombstones(sources, { operators, flow }),
    ...readsOf(sources, operators),
    globals: globalsOf(group),
    ...hooksOf(group, { operators, flow }),
    ...createEffect(group)
  } as unknown as Definition
  return { ...defineSubTopology(definition), operators: group.map(describe) }
}

interface Running {
  readonly operators: Operators
  readonly flow: Flow
}

function createOperators(group: readonly Node[]): Operators {
  const operators = new Map<Node, Operator>()
  for (const node of group.toReversed()) {
    operators.set(node, node.create(forwardTo(node.children.map((child) => operators.get(child)))))
  }
  return operators
}

/** The commonest numbers of operators below get a way of their own, without a loop. */
function forwardTo(below: readonly (Operator | undefined)[]): Forward {
  const targets = below.filter((operator) => operator !== undefined)
  const [first, second] = targets
  if (first === undefined) return () => undefined
  if (second === undefined) return first.process
  return (flow, key, value, old) => {
    for (const target of targets) target.process(flow, key, value, old)
  }
}

function dispatch(node: Node, { operators, flow }: Running): [string, Definition['on'][string]] {
  const process = operators.get(node)?.process as Forward
  const handle = (ctx: Flow['ctx'], record: InputRecord): void => {
    flow.ctx = ctx
    flow.record = record
    flow.timestampMs = record.timestampMs
    process(flow, record.key, record.value, null)
  }
  return [node.source?.topic.name as string, handle as Definition['on'][string]]
}

function tombstones(sources: readonly Node[], { operators, flow }: Running) {
  const targets = new Map(
    sources.map((node) => [
      node.source?.topic.name,
      node.children
        .filter((child) => node.source?.passesTombstones || child.acceptsTombstones)
        .map((child) => operators.get(child))
    ])
  )
  return (ctx: Flow['ctx'], topic: string, key: string, timestampMs: number): void => {
    flow.ctx = ctx
    flow.record = null
    flow.timestampMs = timestampMs
    for (const target of targets.get(topic) ?? []) target?.process(flow, key, null, null)
  }
}

function topicsOf(group: readonly Node[]): Pick<Definition, 'sources' | 'outputs' | 'topics'> {
  const sources = group.flatMap(({ source }) => (source ? [source] : []))
  const sinks = group.flatMap((node): readonly SinkSpec[] => node.sinks ?? [])
  const globals = globalsOf(group).map(({ topic }) => ({
    topic,
    isDeclared: !isCatalogueTopic(topic.name)
  }))
  const declared = [...sources, ...sinks, ...globals].filter(({ isDeclared }) => isDeclared)
  return {
    sources: sources.map(({ topic }) => topic.name),
    outputs: [...new Set(sinks.map(({ topic }) => topic.name))],
    topics: [
      ...new Map(declared.map(({ topic }) => [topic.name, topic as TopicSpec<never>])).values()
    ]
  }
}

function storesOf(
  graph: Graph,
  group: readonly Node[],
  { operators, flow }: Running
): Record<string, StoreDefinition> {
  const stores: Record<string, StoreDefinition> = {}
  const given = new Map<string, StoreDefinition>()
  for (const node of group) {
    for (const [name, store] of Object.entries(node.stores ?? {})) {
      const known = given.get(name)
      if (known !== undefined && known !== store) {
        throw graph.wiring(`store ${name}: expected one definition, got two; name one differently`)
      }
      given.set(name, store)
      const onClose = operators.get(node)?.onClose
      if (store.segments === undefined || onClose === undefined) {
        stores[name] ??= store
        continue
      }
      const close: NonNullable<NonNullable<StoreDefinition['segments']>['onClose']> = (
        ctx,
        entry
      ) => {
        flow.ctx = ctx
        flow.record = null
        flow.timestampMs = entry.startMs
        onClose(flow, entry, name)
      }
      stores[name] = { ...store, segments: { ...store.segments, onClose: close } }
    }
  }
  return stores
}

/** For each source the operators below that touch stores; those below two sources are asked by both. */
function readsOf(sources: readonly Node[], operators: Operators) {
  const readersOf = <K extends 'reads' | 'tombstoneReads'>(kind: K) =>
    new Map(
      sources.map((node) => [
        node.source?.topic.name,
        reachableFrom(node).flatMap((below): readonly NonNullable<Operator[K]>[] => {
          const reader = operators.get(below)?.[kind]
          return reader ? [reader as NonNullable<Operator[K]>] : []
        })
      ])
    )
  const readers = readersOf('reads')
  const tombstoneReaders = readersOf('tombstoneReads')
  let wanted: Record<string, string[]> = {}
  const want = (store: string, key: string): void => {
    const keys = wanted[store]
    if (keys) keys.push(key)
    else wanted[store] = [key]
  }
  return {
    reads: (record: InputRecord): Record<string, readonly string[]> => {
      wanted = {}
      for (const reads of readers.get(record.topic) ?? []) reads(want, record)
      return wanted
    },
    tombstoneReads: (topic: string, key: string): Record<string, readonly string[]> => {
      wanted = {}
      for (const reads of tombstoneReaders.get(topic) ?? []) reads(want, key)
      return wanted
    }
  }
}

/** The global tables that a group reads, each once. */
function globalsOf(group: readonly Node[]): readonly GlobalTableDefinition[] {
  return [...new Set(group.flatMap((node) => node.globals ?? []))]
}

function hooksOf(
  group: readonly Node[],
  { operators, flow }: Running
): Partial<Pick<Definition, 'beforeCommit' | 'onTimer'>> {
  const flushes = group.flatMap((node) => {
    const { beforeCommit } = operators.get(node) ?? {}
    return beforeCommit ? [beforeCommit] : []
  })
  const timed = new Map(
    group.flatMap((node) => {
      const { onTimer } = operators.get(node) ?? {}
      return onTimer ? [[node.name, onTimer] as const] : []
    })
  )
  const enter = (ctx: Flow['ctx'], timestampMs: number): void => {
    flow.ctx = ctx
    flow.record = null
    flow.timestampMs = timestampMs
  }
  return {
    ...(flushes.length > 0 && {
      beforeCommit: (ctx) => {
        enter(ctx, ctx.streamTimeMs)
        for (const flush of flushes) flush(flow)
      }
    }),
    ...(timed.size > 0 && {
      onTimer: (ctx, timer) => {
        enter(ctx, timer.dueMs)
        const split = timer.name.indexOf(':')
        const onTimer = timed.get(timer.name.slice(0, split))
        onTimer?.(flow, { ...timer, name: timer.name.slice(split + 1) })
      }
    })
  }
}

function describe(node: Node): OperatorDescription {
  return {
    id: node.id,
    kind: node.kind,
    name: node.name ?? null,
    stores: [...Object.keys(node.stores ?? {}), ...(node.uses ?? [])],
    topics: [
      ...(node.source ? [node.source.topic.name] : []),
      ...(node.sinks ?? []).map(({ topic }) => topic.name)
    ],
    to: node.children.map(({ id }) => id)
  }
}
