/**
 * Position reports of the whole fleet from one timer: a driver under way every two seconds, one who
 * stands every few. A report without an answer is not repeated, as the next one is better.
 *
 * @module
 */
import type { SimulatedDriver } from './driver.ts'
import type { Scene } from './scene.ts'

/** How often drivers report, ms. */
export type PingIntervals = { readonly movingMs: number; readonly standingMs: number }

/** Look for due drivers this often, ms: spreads the fleet's reports evenly. */
const tickMs = 100

/** Reports until the simulation stops. */
export async function runPinger(
  scene: Scene,
  drivers: readonly SimulatedDriver[],
  intervals: PingIntervals
): Promise<void> {
  const { clock, signal } = scene
  for (const [index, driver] of drivers.entries()) {
    driver.pingedAtMs = clock.now() - (index / drivers.length) * intervals.standingMs
  }
  while (!signal.aborted) {
    const nowMs = clock.now()
    for (const driver of drivers) {
      const everyMs = driver.isMoving ? intervals.movingMs : intervals.standingMs
      if (!driver.isOnline || nowMs - driver.pingedAtMs < everyMs) continue
      driver.pingedAtMs = nowMs
      void ping(scene, driver, nowMs)
    }
    await clock.sleep(tickMs, signal).catch(() => {})
  }
}

async function ping({ figures }: Scene, driver: SimulatedDriver, nowMs: number): Promise<void> {
  const { place, headingDegrees, speedMps } = driver.report()
  try {
    await driver.api.tell(`/drivers/${driver.id}/location`, {
      ...place,
      accuracyMeters: 5,
      ...(headingDegrees === null ? {} : { headingDegrees }),
      ...(speedMps === null ? {} : { speedMps }),
      deviceTime: nowMs,
      ...(driver.sessionId === null ? {} : { sessionId: driver.sessionId })
    })
    figures.add('pings')
  } catch {
    // A lost position is one of many.
    figures.add('pingsUnanswered')
  }
}
