/**
 * @module Where a store stands against what its task committed and what its changelog still has: the
 * rules a task goes by when it restores, told before it does.
 *
 * ```
 *  changelog   |logStart ........... target ........ high|     target: position in the offset metadata
 *  stored  =  target  ok        < target  behind        > target  ahead, or lost when no offset is committed
 *  target  >  high    lost changelog                   logStart > target  truncated
 * ```
 */
import type { PartitionOffsets } from '../../../core/kafka/index.ts'
import type { Finding, Severity } from './finding.ts'

export type StoreState = 'ok' | 'behind' | 'ahead' | 'lost' | 'truncated' | 'recreated' | 'missing'

export interface StorePlace {
  readonly task: string
  readonly store: string
  readonly group: string
  readonly lead: string
  readonly partition: number
  readonly changelog: string
  /** Old segments of its changelog are deleted as a whole, so its log start moves by itself. */
  readonly isSegmented: boolean
  /** Position in Redis; 0n when there is none. */
  readonly stored: bigint
  readonly appliedAtMs: number | null
  /** Committed offset of the lead; null when there is none. */
  readonly committed: bigint | null
  /** Position in the offset metadata; 0n without metadata. */
  readonly target: bigint
  /** Null when the changelog topic does not exist. */
  readonly bounds: Pick<PartitionOffsets, 'logStart' | 'high'> | null
}

/** The state of one store of a task. */
export function storeState(place: StorePlace): StoreState {
  const { stored, target, bounds } = place
  if (bounds === null) return 'missing'
  if (target > bounds.high) return 'recreated'
  if (target === 0n && stored > 0n) return stored <= bounds.high ? 'lost' : 'recreated'
  if (!place.isSegmented && target > 0n && bounds.logStart > target) return 'truncated'
  if (stored === target) return 'ok'
  return stored < target ? 'behind' : 'ahead'
}

/** What to say of a store that is not ok; `isOwned`: its group has members. */
export function storeFinding(place: StorePlace, isOwned: boolean): Finding | null {
  const state = storeState(place)
  if (state === 'ok') return null
  const { severity, message, next } = tell(place, state, isOwned)
  return {
    severity,
    kind: `store-${state}`,
    subject: `${place.task} ${place.store}`,
    message,
    next
  }
}

type Told = { readonly severity: Severity; readonly message: string; readonly next: string }

function tell(place: StorePlace, state: Exclude<StoreState, 'ok'>, isOwned: boolean): Told {
  const { stored, target, changelog, partition } = place
  const log = `${changelog}-${partition}`
  switch (state) {
    case 'missing':
      return {
        severity: 'hand',
        message: `its changelog ${changelog} does not exist`,
        next: 'make up, which creates what is missing; the state it held is gone'
      }
    case 'recreated':
      return recreated(place, log)
    case 'truncated':
      return {
        severity: 'hand',
        message: `${log} begins at ${place.bounds?.logStart}, after the committed position ${target}: Redis holds the only copy`,
        next: 'set cleanup.policy=compact on the changelog, and do not let this Redis go'
      }
    case 'lost':
      return {
        severity: 'hand',
        message: `it stands at ${stored}, but its group committed no position for it (HAIL_COMMIT_LOST)`,
        next: rebuildCommand(place)
      }
    case 'ahead':
      return {
        severity: 'hand',
        message: `it stands at ${stored}, the committed position is ${target}: another owner wrote (HAIL_POSITION)`,
        next: 'see that one Redis serves one environment; else stop the service, delete the key and start it: the store is rebuilt'
      }
    case 'behind':
      return {
        severity: isOwned ? 'hand' : 'note',
        message: `it stands at ${stored}, the committed position is ${target}${stored === 0n ? ': nothing is stored' : ''}`,
        next: isOwned
          ? 'see the log of its process for why the task is not restored'
          : 'none: the next owner restores it'
      }
  }
}

function recreated(place: StorePlace, log: string): Told {
  const { stored, target, bounds } = place
  if (target <= (bounds?.high ?? 0n)) {
    return {
      severity: 'note',
      message: `it stands at ${stored}, beyond the end ${bounds?.high} of ${log}, which was recreated`,
      next: 'none: the next owner clears it and rebuilds it'
    }
  }
  return {
    severity: 'hand',
    message: `the committed position ${target} is beyond the end ${bounds?.high} of ${log}, which was recreated: its state is gone`,
    next: `${rebuildCommand(place)}, which goes on with what the changelog has now`
  }
}

/** Writes the positions anew; the inputs go on where they are, unless that is lost too. */
function rebuildCommand({ group, lead, partition, committed }: StorePlace): string {
  const to = committed ?? '<offset to go on from>'
  return `make doctor DO=move-offset GROUP=${group} TOPIC=${lead} PARTITION=${partition} TO=${to} REBUILD=1`
}
