/**
 * What the phones of a run heard by push, once nothing more is to come.
 *
 * @module
 */
import type { Clock } from '../../core/index.ts'
import { isEnded, type Simulation } from '../../simulator/index.ts'
import { demoLimits } from './config.ts'
import type { KnownRide, PushEvidence } from './evidence.ts'

const lookEveryMs = 100

/** Waits until every rider was told of the end the API shows, for a while; the rest is untold. */
export async function gatherPush(
  of: { readonly simulation: Simulation; readonly clock: Clock; readonly signal: AbortSignal },
  api: ReadonlyMap<string, KnownRide>
): Promise<PushEvidence> {
  const { simulation, clock, signal } = of
  const untilMs = clock.monotonic() + demoLimits.toldMs
  while (countUntold(simulation, api) > 0 && clock.monotonic() < untilMs) {
    await clock.sleep(lookEveryMs, signal)
  }
  const { pushLog, pushBooks } = simulation
  const sum = (part: (book: (typeof pushBooks)[number]) => number): number =>
    pushBooks.reduce((total, book) => total + part(book), 0)
  return {
    frames: pushLog.frames,
    arrivals: pushLog.arrivals,
    positionLatenessMs: pushLog.positionLatenessMs,
    phones: pushBooks.length,
    reconnects: pushLog.reconnects,
    failures: pushLog.failures,
    closes: pushLog.closes,
    anomalies: pushBooks.flatMap(({ anomalies }) => anomalies),
    anomalyCount: sum(({ anomalyCount }) => anomalyCount),
    resyncs: sum(({ resyncs }) => resyncs),
    resumed: sum(({ resumed }) => resumed),
    pollsWhileLive: pushLog.pollsWhileLive,
    pollsWhileDown: pushLog.pollsWhileDown,
    untold: countUntold(simulation, api)
  }
}

function countUntold(simulation: Simulation, api: ReadonlyMap<string, KnownRide>): number {
  return simulation.ledger.accepted().filter(({ rideId, customerId }) => {
    const status = api.get(rideId ?? '')?.status ?? ''
    return isEnded(status) && simulation.toldOf(rideId ?? '', customerId) !== status
  }).length
}
