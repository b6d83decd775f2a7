/**
 * @module The graph that the operators of a program form, before it is cut into sub-topologies.
 *
 * How an operator is added (a join, say):
 * 1. Write a function that takes the handles of its inputs, calls `graph.add` and returns a handle:
 *    `streamHandle(parent, { node, ... })` or a `TableHandle`. A method of `KStream` or `KTable`
 *    calls it.
 * 2. `graph.add({ kind, name, parents, stores, outputs, create })` makes a node. Parents come first,
 *    so ids are in topological order. Nodes joined by edges or by a store of the same name end up
 *    in one sub-topology: an operator with two inputs is two nodes (one for each side, each with one
 *    parent) that name the same stores, and, below both, a `merge` node.
 * 3. `create(forward)` makes the running `Operator` once for each sub-topology. Keep nothing of a task
 *    in it: stores, and `ctx.scratch` until the commit, are the places for that.
 * 4. A node with stores names in `reads` each key that it will touch for a source's record. It can
 *    only use the record's key, timestamp and value as they were at the source: hence the rule that
 *    a stateful operator asks for an unchanged key (`requireKey`) and, with windows, an unchanged
 *    timestamp (`requireTime`); a repartition makes both right again.
 * 5. Tables: `process` gets the new and the old value, null for none, and forwards the same. What
 *    another operator reads of a table goes through the `getter` of its handle.
 * 6. Window stores: give `segments.closesAtMs` in the store's definition and `onClose` in the operator;
 *    an entry may be touched while `ctx.windowTimeMs < closesAtMs(start)`.
 * 7. `graph.repartition` makes the internal topic in between when the operator needs one.
 */
import { FatalError } from '../../core/index.ts'
import type { Format, GlobalTableDefinition, StoreDefinition, TopicSpec } from '../runtime/index.ts'
import type { Forward, Operator } from './flow.ts'

/** A topic that a node reads. */
export interface SourceSpec {
  readonly topic: TopicSpec
  /** Topic between sub-topologies, or declared by the program: not of the Avro catalogue. */
  readonly isDeclared: boolean
  /** True: tombstones go to all nodes below; false: only to those that accept them. */
  readonly passesTombstones: boolean
}

/** A topic that a node writes. */
export interface SinkSpec {
  readonly topic: TopicSpec
  readonly isDeclared: boolean
}

/** What one call out is made with. */
export interface CallInput {
  readonly key: unknown
  readonly value: unknown
  readonly timestampMs: number
  /** Names the input and the call; the same when the call is repeated. */
  readonly id: string
}

export type CallOutcome =
  | { readonly isOk: true; readonly value: unknown }
  | { readonly isOk: false; readonly message: string }

/** A call out of a `mapAsync` node, made before the input is handled. It never rejects. */
export interface CallOut {
  /** Calls in flight at once. */
  readonly concurrency: number
  call(input: CallInput): Promise<CallOutcome>
}

export interface NodeSpec {
  /** What it does, for descriptions: `mapValues`, `count`. */
  readonly kind: string
  /** Given by the program; null for an operator without state. */
  readonly name?: string
  readonly parents: readonly Node[]
  readonly source?: SourceSpec
  readonly sinks?: readonly SinkSpec[]
  /** Stores it owns or shares, by name. */
  readonly stores?: Readonly<Record<string, StoreDefinition>>
  /** Stores of other nodes that it reads. */
  readonly uses?: readonly string[]
  /** Global tables that it reads. */
  readonly globals?: readonly GlobalTableDefinition[]
  /** True when it neither keeps nor writes anything, so that it may run before a call out too. */
  readonly isPure?: boolean
  readonly acceptsTombstones?: boolean
  readonly callOut?: CallOut
  /** Makes what runs. */
  create(forward: Forward): Operator
}

export interface Node extends NodeSpec {
  readonly id: number
  readonly children: Node[]
  /** Partitions of its sources. */
  readonly partitions: number
}

export interface GraphOptions {
  readonly app: string
  readonly commitIntervalMs: number
  /** False: windows wait for a further record however long input is idle. */
  readonly closeOnIdle?: boolean
}

/** A repartition topic: named after the operator, `<app>-<name>-repartition`. */
export interface RepartitionOptions<V> {
  readonly name: string
  readonly format: Format<V>
  /** As many as the input has when absent. */
  readonly partitions?: number
}

const namePattern = /^[a-z][a-z0-9_]*$/

export class Graph {
  readonly options: GraphOptions
  readonly nodes: Node[] = []
  readonly #names = new Set<string>()
  readonly #sources = new Map<string, Node>()

  constructor(options: GraphOptions) {
    this.options = options
  }

  add(spec: NodeSpec): Node {
    const partitions = spec.source?.topic.partitions ?? spec.parents[0]?.partitions ?? 0
    const node: Node = { ...spec, id: this.nodes.length, children: [], partitions }
    this.nodes.push(node)
    for (const parent of spec.parents) parent.children.push(node)
    return node
  }

  /**
   * Takes a name for an operator; its stores and topics bear it.
   * @throws FatalError HAIL_TOPOLOGY when it is taken or no name
   */
  claim(kind: string, name: string): string {
    if (!namePattern.test(name)) {
      throw this.wiring(`${kind}: expected a name of a-z, 0-9 and _, got "${name}"`)
    }
    if (this.#names.has(name)) {
      throw this.wiring(`${kind}: expected a name of its own, got "${name}" a second time`)
    }
    this.#names.add(name)
    return name
  }

  /** The node that reads a topic: one for each topic, whoever asks. `name` names its sub-topology. */
  source(source: SourceSpec, name?: string): Node {
    const { topic } = source
    const known = this.#sources.get(topic.name)
    if (known !== undefined) {
      if (name === undefined || name === known.name) return known
      throw this.wiring(
        `source ${topic.name}: expected one name, got "${known.name}" and "${name}"`
      )
    }
    const node = this.add({
      kind: 'source',
      name: name ?? topic.name.toLowerCase().replaceAll(/[^a-z0-9_]/g, '_'),
      parents: [],
      source,
      isPure: true,
      create: (forward) => ({ process: forward })
    })
    this.#sources.set(topic.name, node)
    return node
  }

  /** Writes what comes from `parent` to an internal topic; returns the node that reads it. */
  repartition<V>(parent: Node, options: RepartitionOptions<V>): Node {
    const name = this.claim('repartition', options.name)
    const topic: TopicSpec = {
      name: `${this.options.app}-${name}-repartition`,
      partitions: options.partitions ?? parent.partitions,
      format: options.format as Format<unknown>,
      isInternal: true
    }
    this.add({
      kind: 'repartition',
      name,
      parents: [parent],
      sinks: [{ topic, isDeclared: true }],
      create: () => ({
        process: ({ ctx, timestampMs }, key, value) => {
          ctx.emit(topic, key as string, value, { timestampMs })
        }
      })
    })
    return this.source({ topic, isDeclared: true, passesTombstones: true }, name)
  }

  wiring(message: string): FatalError {
    return new FatalError('HAIL_TOPOLOGY', `streams of ${this.options.app}: ${message}`)
  }
}
