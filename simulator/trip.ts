/**
 * A ride as its driver does it: drive to the pickup, arrive, wait, start, drive, end. Each step is
 * sent once the assignment shows the status it needs, and again with the same key when it shows no
 * change for long.
 *
 * ```
 *  accepted --drive--> arrive --> arrived --board--> start --> started --drive--> end
 *     |                              |
 *     +--cancel (some)               +--rider absent: no-show
 * ```
 *
 * @module
 */
import type { SeenAssignment } from './assignment-watch.ts'
import type { SimulatedDriver } from './driver.ts'
import { mannerOf, type TripManner } from './habits.ts'
import { createIdempotencyKey } from './idempotency-key.ts'

/** What a driver remembers of the ride under way. */
export type TripMemory = {
  readonly rideId: string
  readonly manner: TripManner
  /** Keys of the steps sent, so that a repeat is the same action. */
  readonly keys: Map<string, string>
  /** Mischief is done once. */
  isMannerDone: boolean
}

/** Time until the rider sits in the car, model ms: 40 to 90 s. */
const boardingMs = { from: 40_000, to: 90_000 }
/** How long a driver has second thoughts before giving a ride back, model ms. */
const doubtMs = { from: 5_000, to: 60_000 }
/** A no-show is reported this long after it is due, ms: clocks differ a little. */
const noShowGraceMs = 500

/** Does what the status asks for; the memory of this ride comes back. */
export async function doTripStep(
  driver: SimulatedDriver,
  seen: SeenAssignment,
  before: TripMemory | null
): Promise<TripMemory> {
  const memory = before?.rideId === seen.rideId ? before : remember(driver, seen)
  switch (seen.status) {
    case 'accepted':
      await goToPickup(driver, seen, memory)
      break
    case 'arrived':
      await pickUp(driver, seen, memory)
      break
    case 'started':
      await goToDropoff(driver, seen, memory)
      break
    default:
      // Another status is on its way to being none.
      break
  }
  return memory
}

function remember(driver: SimulatedDriver, { rideId }: SeenAssignment): TripMemory {
  const manner = mannerOf(driver.scene.habits, driver.dice)
  return { rideId, manner, keys: new Map(), isMannerDone: false }
}

async function goToPickup(
  driver: SimulatedDriver,
  seen: SeenAssignment,
  memory: TripMemory
): Promise<void> {
  const { scene, dice } = driver
  if (memory.manner === 'startTooEarly' && !memory.isMannerDone) {
    memory.isMannerDone = true
    await misbehave(driver, 'start', seen.rideId)
  }
  if (memory.manner === 'cancel') {
    const isStill = await driver.watch.stays(
      seen,
      scaled(driver, dice.between(doubtMs.from, doubtMs.to))
    )
    if (!isStill) return
    if (!memory.isMannerDone) scene.figures.add('driverCancels')
    memory.isMannerDone = true
    return send(driver, 'cancel', memory)
  }
  if (seen.pickup === null || !(await driver.driveTo(seen.pickup, seen))) return
  await send(driver, 'arrive', memory)
}

async function pickUp(
  driver: SimulatedDriver,
  seen: SeenAssignment,
  memory: TripMemory
): Promise<void> {
  const { scene, dice } = driver
  if (scene.absentRiders.has(seen.rideId)) {
    if (!(await driver.watch.stays(seen, scene.policy.noShowMs + noShowGraceMs))) return
    // A fresh key each time: an early report was refused for good.
    const actionId = await driver.api.act('/driver_actions/no-show', { rideId: seen.rideId })
    if (actionId !== null) await driver.api.outcomeOf(actionId)
    return
  }
  const isStill = await driver.watch.stays(
    seen,
    scaled(driver, dice.between(boardingMs.from, boardingMs.to))
  )
  if (isStill) await send(driver, 'start', memory)
}

async function goToDropoff(
  driver: SimulatedDriver,
  seen: SeenAssignment,
  memory: TripMemory
): Promise<void> {
  if (memory.manner === 'poached' && !memory.isMannerDone) {
    memory.isMannerDone = true
    await misbehave(driver.stranger(), 'end', seen.rideId)
  }
  if (seen.dropoff === null || !(await driver.driveTo(seen.dropoff, seen))) return
  await send(driver, 'end', memory)
}

async function send(driver: SimulatedDriver, step: string, memory: TripMemory): Promise<void> {
  const key = memory.keys.get(step) ?? createIdempotencyKey(driver.scene.clock)
  memory.keys.set(step, key)
  const { rideId } = memory
  await driver.api.act(`/driver_actions/${step}`, { rideId, place: driver.place }, { key })
}

/** An action that the service has to refuse; its outcome is awaited beside the trip. */
async function misbehave(driver: SimulatedDriver, step: string, rideId: string): Promise<void> {
  const actionId = await driver.api.act(`/driver_actions/${step}`, { rideId })
  if (actionId === null) return
  driver.api.outcomeOf(actionId).catch(() => {
    // The simulation stopped or the API is silent: nothing was learnt.
  })
}

function scaled(driver: SimulatedDriver, modelMs: number): number {
  return modelMs / driver.scene.policy.timeScale
}
