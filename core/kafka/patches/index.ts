/**
 * @module The corrections of kafkajs 2.2.4 this project runs with. Each removes one reproduced
 * defect; all are applied once, before kafkajs is loaded, and refuse any other version, because
 * they reach into its insides.
 */

import { FatalError } from '../../errors.ts'
import { abortedFilter } from './aborted-filter.ts'
import { coordinatorCache } from './coordinator-cache.ts'
import { emptyBatches } from './empty-batches.ts'
import { newerErrors } from './newer-errors.ts'
import { offsetOutOfRange } from './offset-out-of-range.ts'
import { isLibraryLoaded, libraryModules, libraryVersion, type Patch } from './patch.ts'
import { requestQueueTimer } from './request-queue-timer.ts'
import { requestTimeoutCheck } from './request-timeout-check.ts'
import { timedOutConnection } from './timed-out-connection.ts'

const supportedVersion = '2.2.4'

/**
 * Those that replace a module come first: the others load modules that would capture the original.
 */
export const patches: readonly Patch[] = [
  abortedFilter,
  emptyBatches,
  requestQueueTimer,
  requestTimeoutCheck,
  timedOutConnection,
  coordinatorCache,
  newerErrors,
  offsetOutOfRange
]

// On globalThis, not in this module: a test runner may load this module twice beside one kafkajs.
const appliedMark = Symbol.for('hailstream.kafkajs.patches')
type Marked = { [appliedMark]?: boolean }

/** Throws FatalError when kafkajs is another version or has been loaded unpatched. Idempotent. */
export function applyPatches(): void {
  const marked = globalThis as Marked
  if (marked[appliedMark] === true) return
  refuseOtherVersion(libraryVersion())
  if (isLibraryLoaded()) {
    throw new FatalError(
      'HAIL_ASSERTION',
      'kafkajs was loaded before its corrections; import core/kafka instead of kafkajs'
    )
  }
  for (const patch of patches) patch.apply(libraryModules)
  marked[appliedMark] = true
}

export function refuseOtherVersion(version: string): void {
  if (version === supportedVersion) return
  throw new FatalError(
    'HAIL_ASSERTION',
    `expected kafkajs ${supportedVersion}, got ${version}; review core/kafka/patches first`
  )
}
