/**
 * @module The state of every group and the offsets it goes on from.
 */
import type { GroupDescription, KafkaAdmin } from '../../../core/kafka/index.ts'
import type { PartitionLag } from '../group-lag.ts'
import type { KnownGroup } from '../known-groups.ts'
import type { Finding } from './finding.ts'

export interface GroupState extends KnownGroup {
  readonly state: string
  readonly members: GroupDescription['members']
}

/** The state and members of each group; a group that never was is `Dead`. */
export async function surveyGroups(
  admin: Pick<KafkaAdmin, 'describeGroup'>,
  groups: readonly KnownGroup[]
): Promise<GroupState[]> {
  const states: GroupState[] = []
  for (const known of groups) {
    const { state, members } = await admin.describeGroup(known.group)
    states.push({ ...known, state, members })
  }
  return states
}

/** Groups that nobody runs, and partitions that no member holds. */
export function groupFindings(
  groups: readonly GroupState[],
  lags: readonly PartitionLag[]
): Finding[] {
  return groups.flatMap(({ group, state, members }) => {
    const waiting = lags
      .filter((lag) => lag.group === group)
      .reduce((sum, { lagRecords }) => sum + lagRecords, 0)
    if (members.length > 0 || waiting === 0) return []
    return [
      {
        severity: 'note',
        kind: 'group-idle',
        subject: group,
        message: `${state} without members; ${waiting} records wait`,
        next: 'start the process that runs it'
      }
    ]
  })
}

/** Committed offsets that the log does not have. */
export function offsetFindings(lags: readonly PartitionLag[]): Finding[] {
  return lags.flatMap(({ group, topic, partition, committed, bounds }) => {
    if (committed === null) return []
    if (committed >= bounds.logStart && committed <= bounds.high) return []
    const isBefore = committed < bounds.logStart
    const message = isBefore
      ? `offset ${committed} is committed, but the log begins at ${bounds.logStart}: ${bounds.logStart - committed} offsets were deleted unread (HAIL_OFFSET_OUT_OF_RANGE)`
      : `offset ${committed} is committed, but the log ends at ${bounds.high}: the topic was recreated (HAIL_OFFSET_OUT_OF_RANGE)`
    return [
      {
        severity: 'hand',
        kind: 'offset-out-of-range',
        subject: `${group} ${topic}-${partition}`,
        message,
        next: `make doctor DO=move-offset GROUP=${group} TOPIC=${topic} PARTITION=${partition} TO=earliest`
      }
    ]
  })
}
