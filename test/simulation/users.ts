/**
 * @module The people of a simulation: three riders and two drivers. They see what the platform tells
 * them (committed events), possibly late, act on it as people do, and repeat what got no answer.
 */
import { aRegistration } from './builders.ts'
import type { Dice } from './dice.ts'
import type { Ledger } from './ledger.ts'
import { createModelDriver, driveOn, driverMoves, ping, toggle } from './model-driver.ts'
import { riderMoves } from './model-rider.ts'
import { createOpenActions, type OpenActions } from './open-actions.ts'
import { policy, type World } from './world.ts'

const riderIds = ['c-1', 'c-2', 'c-3'] as const
const driverIds = ['d-1', 'd-2'] as const

/** What everybody shares. */
export interface Cast {
  readonly world: World
  readonly dice: Dice
  readonly ledger: Ledger
  readonly actions: OpenActions
  /** Ride ids asked for. */
  readonly requested: string[]
  nextId(prefix: string): string
}

export interface Users {
  /** Ride ids asked for. */
  readonly requested: readonly string[]
  readonly driverIds: readonly string[]
  readonly riderIds: readonly string[]
  /** Ids of the actions without an outcome. */
  unanswered(): string[]
  /** Registers the drivers and brings them online. */
  begin(): void
  /** One thing one person does. */
  act(): void
  /** Sends positions that are due, and actions that got no answer. */
  keepUp(): void
  /** Everybody does the next reasonable thing: used to let all rides come to an end. */
  cooperate(): void
}

/** Longest time the model needs to come to rest: the trip watchdog twice, and a wait limit; ms. */
export const restMsMax = 2 * policy.onTripWatchdogMs + policy.waitLimitMs + 60_000

/** The people of one simulation. */
export function createUsers(world: World, dice: Dice, ledger: Ledger): Users {
  let serial = 0
  const nextId = (prefix: string): string => {
    serial += 1
    return `${prefix}-${serial}`
  }
  const actions = createOpenActions(world, ledger)
  const cast: Cast = { world, dice, ledger, actions, requested: [], nextId }
  const drivers = driverIds.map((driverId) => createModelDriver(driverId, dice))
  return {
    requested: cast.requested,
    driverIds,
    riderIds,
    unanswered: actions.unanswered,
    begin() {
      for (const driver of drivers) {
        world.put('user_events', driver.driverId, { value: aRegistration(driver.driverId) })
        toggle(cast, driver, true)
        ping(cast, driver)
      }
    },
    act() {
      const driver = dice.pick(drivers)
      if (driver === undefined || dice.chance(0.35)) riderMoves(cast, dice.pick(riderIds) ?? 'c-1')
      else driverMoves(cast, driver)
    },
    keepUp() {
      for (const driver of drivers) ping(cast, driver)
      actions.repeat()
    },
    cooperate() {
      if (actions.unanswered().length > 0) return
      for (const driver of drivers) if (!driver.isOnline) toggle(cast, driver, true)
      for (const { ride } of ledger.rides.values()) driveOn(cast, ride)
    }
  }
}
