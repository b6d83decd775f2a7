/**
 * @module Tables that keep the earlier values of each key for some time, so that a late or old record
 * finds the value that was valid at its own time: Kafka Streams' versioned stores.
 */
import type { Format, StoreDefinition } from '../../runtime/index.ts'
import type { Flow, Forward, Operator } from '../flow.ts'
import type { Graph, Node } from '../graph.ts'
import type { TableGetter, TableHandle, Timestamped } from '../handle.ts'
import {
  checkVersions,
  type Version,
  type Versions,
  versionAt,
  versionsFormat,
  withVersion
} from './versions.ts'

export interface HistoryOptions {
  /** A value can be looked up for this long after another one took its place, in stream time; ms. */
  readonly retentionMs: number
  /** Versions of one key; 1,000 when absent. A record beyond goes to the dead letters of its source. */
  readonly versionsMax?: number
}

const versionsMaxDefault = 1_000

/**
 * A table whose values are valid from their records' timestamps on. A record that comes out of order
 * takes its place among the versions and changes nothing below, unless it is the newest; one older
 * than the retention is left out and counted as `expired`.
 *
 * Example: with a retention of 100: (a, 1) at 10, (a, 3) at 30, (a, 2) at 20. As of 25 the value is 2,
 * below the table only 1 and 3 were seen. When stream time is 131, as of 25 there is none any more.
 */
export function versionedTableNode<V>(
  graph: Graph,
  above: Node,
  options: {
    readonly kind: string
    readonly name: string
    readonly format: Format<V>
    readonly isTimeChanged: boolean
    readonly history: HistoryOptions
  }
): TableHandle<V> {
  const { kind, name, format, history } = options
  const { retentionMs, versionsMax = versionsMaxDefault } = history
  if (!Number.isSafeInteger(retentionMs) || retentionMs < 0) {
    throw graph.wiring(`${kind} ${name}: expected a retention of whole ms, got ${retentionMs}`)
  }
  const store = { format: versionsFormat(format), kind: 'remote' } as unknown as StoreDefinition
  const node = graph.add({
    kind: `versioned ${kind}`,
    name,
    parents: [above],
    stores: { [name]: store },
    acceptsTombstones: true,
    create: (forward) => createOperator(forward, { name, retentionMs, versionsMax })
  })
  return {
    graph,
    node,
    format,
    getter: versionedGetter<V>(name, retentionMs),
    isTimeChanged: options.isTimeChanged
  }
}

function createOperator(
  forward: Forward,
  { name, retentionMs, versionsMax }: { name: string } & Required<HistoryOptions>
): Operator {
  return {
    reads: (want, record) => want(name, record.key),
    process: (flow, key, value) => {
      const { ctx, timestampMs } = flow
      const text = key as string
      const untilMs = ctx.streamTimeMs - retentionMs
      if (timestampMs < untilMs) {
        ctx.countOperator(name, 'expired')
        return
      }
      const before = versionsOf(flow, name, text)
      const newest = before.at(-1)
      const after = withVersion(before, { validFromMs: timestampMs, value }, untilMs)
      checkVersions(after, { table: name, key: text, versionsMax })
      if (after.length === 0) ctx.delete(name, text)
      else ctx.put(name, text, after as never)
      if (newest !== undefined && newest.validFromMs > timestampMs) {
        ctx.countOperator(name, 'out_of_order')
        return
      }
      const old = newest?.value ?? null
      if (value !== null || old !== null) forward(flow, key, value, old)
    }
  }
}

function versionedGetter<V>(name: string, retentionMs: number): TableGetter<V> {
  return {
    store: name,
    get: (flow, key) => entryOf(versionsOf<V>(flow, name, key).at(-1)),
    history: {
      retentionMs,
      get: (flow, key, timestampMs) => {
        if (timestampMs < flow.ctx.streamTimeMs - retentionMs) return undefined
        return entryOf(versionAt(versionsOf<V>(flow, name, key), timestampMs))
      }
    }
  }
}

function versionsOf<V>({ ctx }: Flow, name: string, key: string): Versions<V> {
  return (ctx.get(name, key) as Versions<V> | undefined) ?? []
}

function entryOf<V>(version: Version<V> | undefined): Timestamped<V> | undefined {
  if (version === undefined || version.value === null) return undefined
  return { value: version.value, timestampMs: version.validFromMs }
}
