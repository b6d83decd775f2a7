/**
 * The way of records from the accumulator to the disk: each is settled by what becomes of it there, in
 * time, whatever the disk does.
 *
 * @module
 */
import type { Clock } from '../../core/index.ts'
import type { Spill } from '../spill/index.ts'
import { accept, type Entry, type LaneOptions, refuse } from './lane.ts'

/** Takes over entries in this order; `onDone` is told once an entry needs no memory any more. */
export type Divert = NonNullable<LaneOptions['divert']>

/** See the module; `deadlineMs` counts from when an entry was added. */
export const createDivert =
  (options: {
    spill: Spill
    clock: Clock
    deadlineMs: number
    fail: LaneOptions['fail']
  }): Divert =>
  (entries, onDone) => {
    for (const entry of entries) divertOne(entry, options, onDone)
  }

const divertOne = (
  entry: Entry,
  { spill, clock, deadlineMs, fail }: Parameters<typeof createDivert>[0],
  onDone: (entry: Entry) => void
): void => {
  const written = spill.append(entry.record)
  if (written === null) {
    refuse(entry, fail('overloaded'))
    onDone(entry)
    return
  }
  const doubt = (cause?: unknown): void => {
    if (!entry.isSettled) refuse(entry, fail('unknown_outcome', cause))
  }
  const timer = clock.setTimer(doubt, entry.addedAt + deadlineMs - clock.monotonic())
  void written
    .then(() => accept(entry), doubt)
    .finally(() => {
      timer.cancel()
      onDone(entry)
    })
}
