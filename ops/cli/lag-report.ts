/**
 * @module The lag of all groups as a table with totals and as data.
 */
import type { PartitionLag } from './group-lag.ts'
import { seconds, table } from './table.ts'

export interface LagTotals {
  readonly lagRecords: number
  /** Age of the oldest unread record, seconds; null when some partition's is not known. */
  readonly lagSeconds: number | null
}

export interface GroupTotals extends LagTotals {
  readonly group: string
  readonly partitions: readonly {
    readonly topic: string
    readonly partition: number
    readonly committed: bigint | null
    readonly end: bigint
    readonly lagRecords: number
    readonly lagSeconds: number | null
  }[]
}

/** Groups in the order given, with totals. */
export function lagByGroup(lags: readonly PartitionLag[]): GroupTotals[] {
  const byGroup = new Map<string, PartitionLag[]>()
  for (const lag of lags) byGroup.set(lag.group, [...(byGroup.get(lag.group) ?? []), lag])
  return [...byGroup].map(([group, rows]) => ({
    group,
    ...lagTotals(rows),
    partitions: rows.map(({ topic, partition, committed, bounds, lagRecords, lagMs }) => ({
      topic,
      partition,
      committed,
      end: bounds.high,
      lagRecords,
      lagSeconds: lagMs === null ? null : lagMs / 1000
    }))
  }))
}

/** Sum of the records, and the greatest age. */
export function lagTotals(lags: readonly PartitionLag[]): LagTotals {
  const ages = lags.map(({ lagMs }) => lagMs)
  return {
    lagRecords: lags.reduce((sum, { lagRecords }) => sum + lagRecords, 0),
    lagSeconds: ages.includes(null) ? null : Math.max(0, ...ages.map((age) => age ?? 0)) / 1000
  }
}

/** One row a partition, one a group, one for all. */
export function lagTable(lags: readonly PartitionLag[]): string {
  const rows = lagByGroup(lags).flatMap(({ group, partitions, lagRecords, lagSeconds }) => [
    ...partitions.map((row) => [
      group,
      row.topic,
      String(row.partition),
      row.committed === null ? '-' : String(row.committed),
      String(row.end),
      String(row.lagRecords),
      age(row.lagSeconds)
    ]),
    [group, 'all', '', '', '', String(lagRecords), age(lagSeconds)]
  ])
  const all = lagTotals(lags)
  return table(
    [
      { title: 'group' },
      { title: 'topic' },
      { title: 'partition', isNumber: true },
      { title: 'committed', isNumber: true },
      { title: 'end', isNumber: true },
      { title: 'lag records', isNumber: true },
      { title: 'lag s', isNumber: true }
    ],
    [...rows, ['all', '', '', '', '', String(all.lagRecords), age(all.lagSeconds)]]
  )
}

function age(value: number | null): string {
  return seconds(value === null ? null : value * 1000)
}
