/**
 * @module The start and the end of a program of operators: sources above, sub-topologies out.
 */
import type { TopicName, TopicRecords } from '../../avro/index.ts'
import { type Format, globalTable, type TopicSpec } from '../runtime/index.ts'
import { componentsOf } from './components.ts'
import type { Dsl } from './dsl.ts'
import { Graph, type GraphOptions, type Node } from './graph.ts'
import { GlobalKTable } from './joins/global-join.ts'
import type { HistoryOptions } from './joins/versioned-table.ts'
import { KStream } from './k-stream.ts'
import { KTable } from './k-table.ts'
import { sinkOf } from './sink.ts'
import { type OperatorSubTopology, subTopologyOf } from './sub-topology.ts'
import { newestTable } from './table-store.ts'

export interface SourceOptions {
  /**
   * Name of the sub-topology that begins with this source; the topic's when absent. Consumer group
   * and changelogs bear it: keep it.
   */
  readonly name?: string
}

export interface TableOptions {
  /** Names the table's store. */
  readonly name: string
  /** Keeps earlier values too, for as-of joins. */
  readonly history?: HistoryOptions
}

export interface GlobalTableOptions {
  /** What it is called in `ctx.global` and in metrics. */
  readonly name: string
  /** Entries held by each process, 100,000 when absent; with one more it stops. */
  readonly entriesMax?: number
}

export class StreamsBuilder {
  readonly graph: Graph
  readonly dsl: Dsl

  constructor(options: GraphOptions) {
    this.graph = new Graph(options)
    this.dsl = {
      stream: (handle) => new KStream(handle, this.dsl),
      table: (handle) => new KTable(handle, this.dsl)
    }
  }

  /** A topic's records. Its tombstones are left out: a topic with meaningful ones is a `table`. */
  stream<T extends TopicName>(topic: T, options?: SourceOptions): KStream<TopicRecords[T]>
  stream<V>(topic: TopicSpec<V>, options?: SourceOptions): KStream<V>
  stream<V>(topic: TopicName | TopicSpec<V>, options: SourceOptions = {}): KStream<V> {
    const { node, format } = this.#source<V>(topic, options.name)
    return this.dsl.stream<V>({
      graph: this.graph,
      node,
      format,
      isKeyChanged: false,
      isTimeChanged: false,
      isPure: true
    })
  }

  /**
   * The newest value of each key of a topic, in a store named `name`; tombstones delete.
   *
   * Example: (a, 1), (b, 2), (a, 3), (b, null) make { a: 3 }.
   */
  table<T extends TopicName>(topic: T, options: TableOptions): KTable<TopicRecords[T]>
  table<V>(topic: TopicSpec<V>, options: TableOptions): KTable<V>
  table<V>(topic: TopicName | TopicSpec<V>, options: TableOptions): KTable<V> {
    const { node, format } = this.#source<V>(topic)
    const name = this.graph.claim('table', options.name)
    return this.dsl.table<V>(
      newestTable(this.graph, node, {
        kind: 'table',
        name,
        format,
        isTimeChanged: false,
        history: options.history
      })
    )
  }

  /**
   * The newest value of each key of a topic, held whole by every process: loaded before any task runs,
   * then followed in the background. For `joinGlobal`, and `ctx.global(name, key)` in handlers. Records
   * are looked up in it as it is then, outside of any transaction.
   */
  globalTable<T extends TopicName>(
    topic: T,
    options: GlobalTableOptions
  ): GlobalKTable<TopicRecords[T]>
  globalTable<V>(topic: TopicSpec<V>, options: GlobalTableOptions): GlobalKTable<V>
  globalTable<V>(topic: TopicName | TopicSpec<V>, options: GlobalTableOptions): GlobalKTable<V> {
    this.graph.claim('globalTable', options.name)
    const spec = sinkOf(topic as TopicSpec<never>).topic
    const definition = globalTable({ ...options, topic: spec })
    return new GlobalKTable<V>(this.graph, definition as never)
  }

  /**
   * The sub-topologies: one for each group of operators that no topic parts, named after its first
   * source. Call it once, at the end.
   *
   * @throws FatalError HAIL_TOPOLOGY when sources of one sub-topology are not co-partitioned, or two
   * sub-topologies would bear one name
   */
  build(): OperatorSubTopology[] {
    if (this.graph.nodes.length === 0) throw this.graph.wiring('expected a source, got none')
    const built = componentsOf(this.graph.nodes).map((group) => subTopologyOf(this.graph, group))
    const names = built.map(({ name }) => name)
    const twice = names.find((name, i) => names.indexOf(name) < i)
    if (twice === undefined) return built
    throw this.graph.wiring(
      `expected sub-topologies of different names, got "${twice}" twice; name a source with { name }`
    )
  }

  #source<V>(topic: TopicName | TopicSpec<V>, name?: string): { node: Node; format: Format<V> } {
    const source = { ...sinkOf(topic as TopicSpec<never>), passesTombstones: false }
    const node = this.graph.source(source, name)
    return { node, format: source.topic.format as Format<V> }
  }
}

/**
 * Begins a program of operators.
 *
 * Example: orders by customer, counted by the hour:
 * ```ts
 * const builder = createStreamsBuilder({ app: 'shop', commitIntervalMs: 100 })
 * builder
 *   .stream(orders)
 *   .groupBy((order) => order.customerId, { name: 'by_customer' })
 *   .windowedBy(tumbling({ sizeMs: 3_600_000, graceMs: 60_000 }))
 *   .count({ name: 'hourly', emit: 'close' })
 *   .toStream()
 *   .to(hourlyCounts)
 * const topologies = builder.build()
 * ```
 */
export function createStreamsBuilder(options: GraphOptions): StreamsBuilder {
  return new StreamsBuilder(options)
}
