/**
 * @module The promises that hold when all is quiet (S13 and those of the whole): every ride has
 * ended, every action has an outcome, nobody is held for nothing, and the books agree.
 */
import type { DriverRecord, IntakeState, TimerState } from '../../avro/index.ts'
import { holdsDriver, isEndedStatus } from '../../domain/index.ts'
import { expectThat, type Ledger } from './ledger.ts'
import type { Users } from './users.ts'
import { inputTopics, type World } from './world.ts'

/** What the simulation consists of when it has come to rest. */
export interface Rest {
  readonly world: World
  readonly ledger: Ledger
  readonly users: Users
  /** Records dead-lettered on purpose. */
  readonly lost: number
}

/** True when nothing is left to do. */
export function isAtRest({ ledger, users }: Pick<Rest, 'ledger' | 'users'>): boolean {
  return (
    users.requested.every((rideId) => isOver(ledger, rideId)) &&
    users.unanswered().length === 0 &&
    [...ledger.drivers.values()].every(({ offerId }) => offerId === null)
  )
}

/** Notes what is not as promised. */
export async function checkRest(rest: Rest): Promise<void> {
  checkEnds(rest)
  checkBooks(rest.ledger)
  await checkDrivers(rest)
  await checkSlots(rest)
  await checkTimers(rest)
  const letters = inputTopics.flatMap((topic) => rest.world.driver.deadLetters(topic)).length
  expectThat(rest.ledger, letters === rest.lost, {
    rule: 'dead letters',
    what: `${letters} dead letters, ${rest.lost} on purpose`,
    about: []
  })
}

function isOver(ledger: Ledger, rideId: string): boolean {
  const status = ledger.rides.get(rideId)?.ride.status
  return status !== undefined && isEndedStatus(status)
}

function checkEnds({ ledger, users }: Rest): void {
  for (const rideId of users.requested) {
    expectThat(ledger, isOver(ledger, rideId), {
      rule: 'every ride ends',
      what: `${rideId} is ${ledger.rides.get(rideId)?.ride.status ?? 'unknown'}`,
      about: [rideId]
    })
  }
  for (const actionId of users.unanswered()) {
    const what = `${actionId} has no outcome`
    expectThat(ledger, false, { rule: 'S11 every action ends', what, about: [actionId] })
  }
}

/** One bill for each completed ride and each fee, one demand signal and one closing for each ride. */
function checkBooks(ledger: Ledger): void {
  const due = new Set<string>()
  for (const { ride } of ledger.rides.values()) {
    const { rideId, status } = ride
    if (status === 'COMPLETED') due.add(`${rideId}:TRIP`)
    if ((ride.feeMinor ?? 0) > 0) due.add(`${rideId}:CANCELLATION_FEE`)
    expectThat(ledger, ledger.demands.has(rideId) === (status !== 'REJECTED'), {
      rule: 'demand',
      what: `demand of ${rideId} (${status}): ${ledger.demands.has(rideId)}`,
      about: [rideId]
    })
    expectThat(ledger, ledger.closed.has(rideId), {
      rule: 'closing',
      what: `${rideId} was not closed`,
      about: [rideId]
    })
  }
  const billed = [...ledger.bills.keys()].sort().join(', ')
  const expected = [...due].sort().join(', ')
  expectThat(ledger, billed === expected, {
    rule: 'bills',
    what: `expected bills ${expected}, got ${billed}`,
    about: []
  })
}

/** Every RESERVED or ON_TRIP names a live ride with that offer (S13). */
async function checkDrivers({ world, ledger, users }: Rest): Promise<void> {
  for (const driverId of users.driverIds) {
    const record = (await world.driver.store('drivers', 'sessions', 'drivers', driverId)) as
      | DriverRecord
      | undefined
    if (record === undefined || record.offerId === null) continue
    const ride = ledger.rides.get(record.rideId ?? '')?.ride
    const isLive = ride?.offerId === record.offerId && holdsDriver(ride.status)
    expectThat(ledger, isLive, {
      rule: 'S13 at rest',
      what: `${driverId} is ${record.status} for ${record.offerId}, whose ride is ${ride?.status}`,
      about: [driverId, record.offerId, record.rideId ?? driverId]
    })
  }
}

/** Ended rides take no slot of their customer. */
async function checkSlots({ world, ledger, users }: Rest): Promise<void> {
  for (const customerId of users.riderIds) {
    const intake = (await world.driver.store('trips', 'intake', 'intake', customerId)) as
      | IntakeState
      | undefined
    for (const { rideId, open } of intake?.rides ?? []) {
      expectThat(ledger, !open, {
        rule: 'slots freed',
        what: `${rideId} still takes a slot of ${customerId}`,
        about: [rideId]
      })
    }
  }
}

/** Only the removal of what is over is still planned. */
async function checkTimers({ world, ledger }: Rest): Promise<void> {
  const rides = await world.driver.entries('trips', 'rides', 'timers')
  const drivers = await world.driver.entries('drivers', 'sessions', 'timers')
  for (const timer of [...rides.values(), ...drivers.values()] as TimerState[]) {
    expectThat(ledger, timer.name === 'retention' || timer.name === 'forget', {
      rule: 'timers end',
      what: `timer ${timer.name} of ${timer.key} is still set`,
      about: [timer.key]
    })
  }
}
