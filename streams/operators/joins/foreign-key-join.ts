/**
 * @module Joins of a table with another one by a key inside its values, in the manner of KIP-213: the
 * left task subscribes to the foreign key at the right side's task, which answers with its value, now
 * and on each change, until the left entry goes or changes its foreign key.
 *
 * ```
 * left table -> rows -- <app>-<name>-subscription --> subscribers <- right table
 *   result   <- rows <-- <app>-<name>-response ------ subscribers
 * ```
 *
 * KIP-213 answers with the hash of the left value and drops answers for another one. Here the rows
 * keep the left value and the last answer themselves, and an answer bears its foreign key: one for
 * another foreign key than the entry's present one is dropped as `stale`. Answers for one key come from
 * one task in order, so the last one stands. A left value that changes without its foreign key is
 * joined at once, without a message.
 */
import { SkipToDlqError } from '../../../core/index.ts'
import { partitionForKey } from '../../../core/kafka/index.ts'
import type { Format, StoreDefinition, TopicSpec } from '../../runtime/index.ts'
import type { Operator } from '../flow.ts'
import type { Graph, Node } from '../graph.ts'
import { requireFormat, type TableGetter, type TableHandle, wantEntry } from '../handle.ts'
import {
  answerFormat,
  foreignRowFormat,
  type Subscribers,
  type Subscription,
  subscribersFormat,
  subscriptionFormat
} from './foreign-key-formats.ts'
import {
  createLeftSide,
  createResponses,
  type RowOptions,
  resultGetter
} from './foreign-key-rows.ts'
import { requireGetter } from './table-reading.ts'

export interface ForeignKeyJoinOptions<V, W, R, O = W> {
  /** Names the store of the rows, `<name>_subscribers` and the two topics. */
  readonly name: string
  /** The right side's key of a left entry; null for none. */
  readonly foreignKey: (value: V, key: string) => string | null
  /** Makes the result of both values; null stands for a right side without one. */
  readonly join: (left: V, right: O, key: string) => R
  /** How the left values are stored; the table's when absent. */
  readonly format?: Format<V>
  /** How the right values are sent and stored; the other table's when absent. */
  readonly otherFormat?: Format<W>
  /**
   * Left entries of one foreign key, over all of them; 16,000 when absent. A subscription beyond goes to the
   * dead letters of the subscription topic, and its entry shows no result.
   */
  readonly subscribersMax?: number
}

/** Subscribers of a key lie in so many entries, so that a change of one writes a part of them. */
const shards = 16
const subscribersMaxDefault = 16_000

interface Right {
  readonly name: string
  readonly store: string
  readonly responses: TopicSpec
  readonly shardMax: number
}

/**
 * Results carry the later timestamp of both sides. A left entry that changes its foreign key keeps its
 * result until the new one is answered, as in KIP-213.
 */
export function foreignKeyJoinNode<R>(
  left: TableHandle<unknown>,
  right: TableHandle<unknown>,
  kind: 'inner' | 'left',
  options: ForeignKeyJoinOptions<never, never, R, never>
): TableHandle<R> {
  const { graph } = left
  const label = `${kind} foreign key join`
  if (right.graph !== graph) {
    throw graph.wiring(`${label}: expected both sides of one builder, got two builders`)
  }
  requireGetter(graph, left, label)
  const getter = requireGetter(graph, right, label)
  const name = graph.claim(label, options.name)
  const leftFormat = requireFormat(left, label, options.format)
  const rightFormat = requireFormat(right, label, options.otherFormat)
  const internal = (what: string, at: Node, format: Format<unknown>): TopicSpec => ({
    name: `${graph.options.app}-${name}-${what}`,
    partitions: at.partitions,
    format,
    isInternal: true
  })
  const subscriptions = internal('subscription', right.node, subscriptionFormat as Format<unknown>)
  const responses = internal('response', left.node, answerFormat(rightFormat) as Format<unknown>)
  const { subscribersMax = subscribersMaxDefault } = options
  answerNodes(
    graph,
    { above: right.node, getter, subscriptions },
    {
      name,
      store: graph.claim(label, `${name}_subscribers`),
      responses,
      shardMax: Math.ceil(subscribersMax / shards)
    }
  )
  const rows: RowOptions = { name, kind, subscriptions, ...(options as object as RowJoin) }
  const format = foreignRowFormat(leftFormat, rightFormat)
  const store = { format, kind: 'remote' } as unknown as StoreDefinition
  const rowNode = (parent: Node, what: string, create: RowNode): Node =>
    graph.add({ kind: `${label} ${what}`, parents: [parent], stores: { [name]: store }, ...create })
  const sides = [
    rowNode(left.node, 'left', {
      sinks: [{ topic: subscriptions, isDeclared: true }],
      acceptsTombstones: true,
      create: (forward) => createLeftSide(forward, rows)
    }),
    rowNode(sourceOf(graph, responses, `${name}_response`), 'response', {
      create: (forward) => createResponses(forward, rows)
    })
  ]
  const node = graph.add({
    kind: label,
    name,
    parents: sides,
    create: (forward) => ({ process: forward })
  })
  const resultOf = resultGetter<R>(rows)
  return { graph, node, format: null, getter: resultOf, isTimeChanged: true }
}

type RowJoin = Pick<RowOptions, 'foreignKey' | 'join'>
type RowNode = Pick<Parameters<Graph['add']>[0], 'sinks' | 'acceptsTombstones' | 'create'>

function sourceOf(graph: Graph, topic: TopicSpec, name: string): Node {
  return graph.source({ topic, isDeclared: true, passesTombstones: false }, name)
}

/** The right side's task: who has subscribed to which key, and the answers to them. */
function answerNodes(
  graph: Graph,
  at: {
    readonly above: Node
    readonly getter: TableGetter<unknown>
    readonly subscriptions: TopicSpec
  },
  right: Right
): void {
  const { name, store, responses } = right
  const definition = { format: subscribersFormat, kind: 'remote' } as unknown as StoreDefinition
  const common = {
    stores: { [store]: definition },
    sinks: [{ topic: responses, isDeclared: true }]
  }
  graph.add({
    ...common,
    kind: 'foreign key join answer',
    parents: [sourceOf(graph, at.subscriptions, `${name}_subscription`)],
    uses: [at.getter.store],
    create: () => createSubscriptions(right, at.getter)
  })
  graph.add({
    ...common,
    kind: 'foreign key join change',
    parents: [at.above],
    acceptsTombstones: true,
    create: () => createChanges(right)
  })
}

function shardKey(foreignKey: string, shard: number): string {
  return `${shard}|${foreignKey}`
}

function shardKeys(foreignKey: string): string[] {
  return Array.from({ length: shards }, (_, shard) => shardKey(foreignKey, shard))
}

function createSubscriptions(right: Right, getter: TableGetter<unknown>): Operator {
  const { store, responses } = right
  return {
    reads: (want, { key, value }) => {
      const { primaryKey } = value as Subscription
      want(store, shardKey(key, partitionForKey(primaryKey, shards)))
      wantEntry(want, getter, key)
    },
    process: (flow, key, value) => {
      const { ctx, timestampMs } = flow
      const foreignKey = key as string
      const { primaryKey, partition, isActive } = value as Subscription
      const at = shardKey(foreignKey, partitionForKey(primaryKey, shards))
      const after = new Map(ctx.get(store, at) as Subscribers | undefined)
      if (!isActive) {
        after.delete(primaryKey)
        if (after.size === 0) ctx.delete(store, at)
        else ctx.put(store, at, after as never)
        return
      }
      after.set(primaryKey, partition)
      if (after.size > right.shardMax) throw tooMany(right, foreignKey)
      ctx.put(store, at, after as never)
      const entry = getter.get(flow, foreignKey)
      const answer = { foreignKey, right: entry?.value ?? null }
      const atMs = Math.max(timestampMs, entry?.timestampMs ?? timestampMs)
      ctx.emit(responses, primaryKey, answer, { partition, timestampMs: atMs })
    }
  }
}

function createChanges({ store, responses }: Right): Operator {
  return {
    reads: (want, { key }) => {
      for (const at of shardKeys(key)) want(store, at)
    },
    tombstoneReads: (want, key) => {
      for (const at of shardKeys(key)) want(store, at)
    },
    process: ({ ctx, timestampMs }, key, value) => {
      const answer = { foreignKey: key as string, right: value }
      for (const at of shardKeys(key as string)) {
        const subscribers = ctx.get(store, at) as Subscribers | undefined
        for (const [primaryKey, partition] of subscribers ?? []) {
          ctx.emit(responses, primaryKey, answer, { partition, timestampMs })
        }
      }
    }
  }
}

function tooMany({ name, shardMax }: Right, foreignKey: string): SkipToDlqError {
  return new SkipToDlqError(
    'HAIL_RULE',
    `foreign key join ${name}: expected at most about ${shardMax * shards} entries of foreign key ` +
      `"${foreignKey}", got one more; raise \`subscribersMax\``
  )
}
