/**
 * @module `make doctor`: reads the state of everything the services own and says what needs a hand;
 * with DO=... it lends one. The last line is JSON. Exit code 1 when something needs a hand, or when
 * what was asked for was refused.
 */
import { systemClock } from '../../core/index.ts'
import { type DoctorSettings, readDoctorConfig } from './config.ts'
import { chooseOrphans, dropOrphans } from './doctor/drop-orphans.ts'
import { endTransaction } from './doctor/end-transaction.ts'
import { moveOffset } from './doctor/move-offset.ts'
import { findOrphans, namesThere } from './doctor/orphans.ts'
import { Refusal } from './doctor/refusal.ts'
import { examine } from './doctor/report.ts'
import { reportData, reportText } from './doctor/report-text.ts'
import { knownGroups } from './known-groups.ts'
import { type Operator, runVerb } from './operator.ts'
import { jsonLine } from './table.ts'

type Deed = (operator: Operator, settings: DoctorSettings) => Promise<number>

const deeds: Readonly<Record<DoctorSettings['DO'], Deed>> = {
  report: async ({ admin, fetcher, redis, topologies }, settings) => {
    const report = await examine({
      admin,
      fetcher,
      redis,
      clock: systemClock,
      topologies,
      groups: knownGroups(topologies),
      hungAfterMs: settings.HUNG_AFTER_MS
    })
    const data = reportData(report)
    tell(reportText(report), data)
    return data['isWell'] === true ? 0 : 1
  },

  'end-transaction': async ({ kafka, admin, topologies }, settings) => {
    const id = required('ID', settings.ID)
    const ended = await endTransaction({ kafka, admin, topologies, id, isForced: settings.FORCE })
    tell(`aborted ${id} in ${ended.partitions.join(', ') || 'no partition'}`, { ended })
    return 0
  },

  'move-offset': async ({ admin, topologies }, settings) => {
    const topic = required('TOPIC', settings.TOPIC)
    const moved = await moveOffset({
      admin,
      topologies,
      group: required('GROUP', settings.GROUP),
      topic,
      partition: settings.PARTITION,
      to: required('TO', settings.TO),
      rebuilds: settings.REBUILD
    })
    const lines = moved.map(
      ({ partition, from, to, metadata }) =>
        `${topic}-${partition}: ${from ?? 'none'} to ${to}, metadata ${metadata}`
    )
    tell(lines.join('\n'), { moved })
    return 0
  },

  'drop-orphans': async ({ admin, redis, topologies }, settings) => {
    const groups = knownGroups(topologies)
    const orphans = findOrphans(await namesThere(admin, redis), { topologies, groups })
    const options = { admin, redis, orphans, only: settings.ID }
    const chosen = settings.YES ? await dropOrphans(options) : await chooseOrphans(options)
    const names = [...chosen.topics, ...chosen.groups, ...chosen.keys]
    const head = settings.YES ? 'deleted' : 'would delete, with YES=1'
    const used = chosen.inUse.map((name) => `  in use, left alone: ${name}`)
    const lines = [`${head}:`, ...names.map((name) => `  ${name}`), ...used]
    tell(names.length === 0 ? ['no orphans to delete', ...used].join('\n') : lines.join('\n'), {
      dropped: settings.YES,
      ...chosen
    })
    return 0
  }
}

function tell(text: string, data: unknown): void {
  process.stdout.write(`${text}\n${jsonLine(data)}\n`)
}

function required(variable: string, value: string | null): string {
  if (value === null) throw new Refusal(`${variable} is missing; see docs/runbooks/doctor.md`)
  return value
}

await runVerb(async (operator) => {
  const settings = readDoctorConfig()
  return deeds[settings.DO](operator, settings)
})
