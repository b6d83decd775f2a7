/**
 * @module The report as tables, and as the data of its last line.
 */
import { seconds, table } from '../table.ts'
import { findingsText } from './finding.ts'
import type { Report } from './report.ts'
import { storeState } from './store-verdict.ts'

/** Tables of everything read, then the findings. */
export function reportText(report: Report): string {
  const parts = [
    ['Groups', groupTable(report)],
    ['Offsets', offsetTable(report)],
    ['Stores', storeTable(report)],
    ['Open transactions', transactionTable(report)],
    ['Findings', findingsText(report.findings)]
  ] as const
  return parts.map(([title, text]) => `${title}\n${text === '' ? '  none' : text}`).join('\n\n')
}

/** What scripts want: counts, and each finding. */
export function reportData(report: Report): Record<string, unknown> {
  const states: Record<string, number> = {}
  for (const place of report.stores) {
    const state = storeState(place)
    states[state] = (states[state] ?? 0) + 1
  }
  return {
    isWell: !report.findings.some(({ severity }) => severity === 'hand'),
    groups: report.groups.map(({ group, state, members }) => ({
      group,
      state,
      members: members.length
    })),
    lagRecords: report.lags.reduce((sum, { lagRecords }) => sum + lagRecords, 0),
    stores: states,
    openTransactions: report.open.length,
    hangingPartitions: report.hanging.length,
    orphans: report.orphans,
    findings: report.findings
  }
}

function groupTable({ groups }: Report): string {
  return table(
    [{ title: 'group' }, { title: 'state' }, { title: 'member' }, { title: 'tasks' }],
    groups.flatMap(({ group, state, members }) =>
      members.length === 0
        ? [[group, state, '-', '-']]
        : members.map(({ memberId, host, partitions }) => [
            group,
            state,
            `${memberId} ${host}`,
            partitions.join(',')
          ])
    )
  )
}

function offsetTable({ lags }: Report): string {
  return table(
    [
      { title: 'group' },
      { title: 'topic' },
      { title: 'partition', isNumber: true },
      { title: 'committed', isNumber: true },
      { title: 'log start', isNumber: true },
      { title: 'stable', isNumber: true },
      { title: 'end', isNumber: true },
      { title: 'lag records', isNumber: true },
      { title: 'lag s', isNumber: true }
    ],
    lags.map(({ group, topic, partition, committed, bounds, lagRecords, lagMs }) => [
      group,
      topic,
      String(partition),
      committed === null ? '-' : String(committed),
      String(bounds.logStart),
      String(bounds.stable),
      String(bounds.high),
      String(lagRecords),
      seconds(lagMs)
    ])
  )
}

function storeTable({ stores }: Report): string {
  return table(
    [
      { title: 'task' },
      { title: 'store' },
      { title: 'state' },
      { title: 'stored', isNumber: true },
      { title: 'committed', isNumber: true },
      { title: 'log start', isNumber: true },
      { title: 'end', isNumber: true }
    ],
    stores.map((place) => [
      place.task,
      place.store,
      storeState(place),
      String(place.stored),
      String(place.target),
      String(place.bounds?.logStart ?? '-'),
      String(place.bounds?.high ?? '-')
    ])
  )
}

function transactionTable({ open, hanging }: Report): string {
  const known = open.map(({ transactionalId, task, state, ageMs, partitions }) => [
    transactionalId,
    task ?? '-',
    state,
    seconds(ageMs),
    partitions.map(({ topic, partition }) => `${topic}-${partition}`).join(' ')
  ])
  const unknown = hanging.map(({ topic, partition, producerId, ageMs }) => [
    `producer ${producerId}`,
    '-',
    'unknown to its coordinator',
    seconds(ageMs),
    `${topic}-${partition}`
  ])
  return table(
    [
      { title: 'transactional id' },
      { title: 'task' },
      { title: 'state' },
      { title: 'age s', isNumber: true },
      { title: 'partitions' }
    ],
    [...known, ...unknown]
  )
}
