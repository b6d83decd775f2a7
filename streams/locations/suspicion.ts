/**
 * @module Flags a driver whose positions are implausible too often: three suspect pings within ten
 * minutes. One alone is a tunnel or a wrong clock; three are a spoofed receiver or a shared account.
 */
import type { PresenceState } from '../../avro/index.ts'
import type { PingPolicy } from '../../domain/index.ts'

/**
 * Notes a suspect ping at `nowMs`. Raising the flag empties the list, so the next flag takes three
 * more. Keeps at most `suspectMax - 1` times.
 */
export function noteSuspect(
  state: PresenceState,
  nowMs: number,
  limits: Pick<PingPolicy, 'suspectMax' | 'suspectWindowMs'>
): { readonly state: PresenceState; readonly isFlagged: boolean } {
  const recent = state.suspectsAt.filter((at) => at > nowMs - limits.suspectWindowMs)
  if (recent.length + 1 < limits.suspectMax) {
    return { state: { ...state, suspectsAt: [...recent, nowMs] }, isFlagged: false }
  }
  return { state: { ...state, suspectsAt: [], flaggedAt: nowMs }, isFlagged: true }
}
