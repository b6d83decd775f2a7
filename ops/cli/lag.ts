/**
 * @module `make lag`: how far every group of the services and sinks is behind. The last line is JSON.
 */
import { systemClock } from '../../core/index.ts'
import { groupLags } from './group-lag.ts'
import { knownGroups } from './known-groups.ts'
import { lagByGroup, lagTable, lagTotals } from './lag-report.ts'
import { runVerb } from './operator.ts'
import { jsonLine } from './table.ts'

await runVerb(async ({ admin, fetcher, topologies }) => {
  const lags = await groupLags({ admin, fetcher, clock: systemClock }, knownGroups(topologies))
  process.stdout.write(`${lagTable(lags)}\n`)
  process.stdout.write(`${jsonLine({ ...lagTotals(lags), groups: lagByGroup(lags) })}\n`)
  return 0
})
