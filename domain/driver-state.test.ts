import { describe, expect, test } from 'vitest'
import {
  type DriverPhase,
  driverStatuses,
  driverTriggers,
  isHeldStatus,
  nextDriverPhase
} from './driver-state.ts'

/** Every legal pair, written apart from the table; `*` marks a driver who is leaving. */
const legal = `
  OFFLINE go_online AVAILABLE
  OFFLINE go_offline OFFLINE
  AVAILABLE go_online AVAILABLE
  AVAILABLE go_offline OFFLINE
  AVAILABLE reserve RESERVED
  RESERVED go_online RESERVED
  RESERVED go_offline RESERVED*
  RESERVED assign ON_TRIP
  RESERVED release AVAILABLE
  RESERVED* go_online RESERVED
  RESERVED* go_offline RESERVED*
  RESERVED* assign ON_TRIP*
  RESERVED* release OFFLINE
  ON_TRIP go_online ON_TRIP
  ON_TRIP go_offline ON_TRIP*
  ON_TRIP release AVAILABLE
  ON_TRIP* go_online ON_TRIP
  ON_TRIP* go_offline ON_TRIP*
  ON_TRIP* release OFFLINE
`

const expected = new Map(
  legal
    .trim()
    .split('\n')
    .map((line) => line.trim().split(' '))
    .map(([from, trigger, to]) => [`${from} ${trigger}`, to])
)

const phases: DriverPhase[] = driverStatuses.flatMap((status) =>
  [false, true]
    .filter((leaving) => !leaving || isHeldStatus(status))
    .map((leaving) => ({ status, leaving }))
)

function nameOf(phase: DriverPhase | null): string | null {
  return phase === null ? null : `${phase.status}${phase.leaving ? '*' : ''}`
}

describe('a driver', () => {
  test('moves by the legal pairs and by no other', () => {
    const seen: string[] = []
    for (const phase of phases) {
      for (const trigger of driverTriggers) {
        const pair = `${nameOf(phase)} ${trigger}`
        const next = nameOf(nextDriverPhase(phase, trigger))
        expect([pair, next]).toEqual([pair, expected.get(pair) ?? null])
        if (expected.has(pair)) seen.push(pair)
      }
    }
    expect(seen).toHaveLength(expected.size)
  })

  test('is never leaving while free or offline', () => {
    for (const phase of phases) {
      for (const trigger of driverTriggers) {
        const next = nextDriverPhase(phase, trigger)
        if (next?.leaving) expect(isHeldStatus(next.status)).toBe(true)
      }
    }
  })

  test('leaves a promise to a ride only by its word', () => {
    for (const phase of phases.filter(({ status }) => isHeldStatus(status))) {
      for (const trigger of ['go_online', 'go_offline', 'reserve'] as const) {
        const next = nextDriverPhase(phase, trigger)
        expect(next?.status ?? phase.status).toBe(phase.status)
      }
    }
  })
})
