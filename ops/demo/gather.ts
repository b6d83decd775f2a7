/**
 * Collects the evidence once riders have nothing open any more, and waits for those who follow
 * behind: the streams' last inputs and the database.
 *
 * @module
 */
import type { Codec } from '../../avro/index.ts'
import type { Clock } from '../../core/index.ts'
import type { Simulation } from '../../simulator/index.ts'
import { type Offsets, readCommitted } from './committed-log.ts'
import { demoLimits } from './config.ts'
import { connectForChecks, hasCaughtUp, readDatabase } from './database-evidence.ts'
import type { EventTail } from './event-tail.ts'
import type { AcceptedRide, BillFact, EventFact, Evidence, KnownRide } from './evidence.ts'
import { gatherPush } from './push-evidence.ts'
import type { Stage } from './stage.ts'
import { readMetrics, sumOfMetric } from './stream-metrics.ts'

/** What is questioned. */
export type Witnesses = {
  readonly stage: Stage
  readonly simulation: Simulation
  readonly tail: EventTail
  readonly codec: Codec
  /** Where the topics stood at the start. */
  readonly from: ReadonlyMap<string, Offsets>
  readonly clock: Clock
  readonly signal: AbortSignal
}

const lagMetric = 'hail_streams_lag_records'
const lookEveryMs = 500

/** Stops the simulation on the way: its last reads are the API's last word. */
export async function gatherEvidence(witnesses: Witnesses): Promise<Evidence> {
  const { simulation, tail, signal } = witnesses
  const accepted = acceptedRides(simulation)
  const api = await simulation.readRides()
  const { refused, unanswered } = simulation.ledger.counts()
  const refusedActions = simulation.figures.of('refusedActions')
  const push = await gatherPush(witnesses, api)
  await simulation.stop()
  signal.throwIfAborted()
  await streamsCaughtUp(witnesses)
  const database = await databaseCaughtUp(witnesses, accepted, api)
  await tail.stop()
  return {
    refused,
    unanswered,
    accepted,
    api,
    database,
    events: await readEvents(witnesses),
    bills: await readBills(witnesses),
    notificationIds: await readNotificationIds(witnesses),
    refusedActions,
    seenAtMs: tail.seenAtMs,
    matchedAtMs: tail.matchedAtMs,
    endedAtMs: tail.endedAtMs,
    seenAtMsByEvent: tail.seenAtMsByEvent,
    push
  }
}

function acceptedRides({ ledger }: Simulation): AcceptedRide[] {
  return ledger
    .accepted()
    .flatMap(({ rideId, sentAtMs, acceptedAtMs }) =>
      rideId === null || acceptedAtMs === null ? [] : [{ rideId, sentAtMs, acceptedAtMs }]
    )
}

/** Waits until the streams have nothing left to read; what is missing then shows in the report. */
async function streamsCaughtUp({ stage, clock, signal }: Witnesses): Promise<void> {
  const untilMs = clock.monotonic() + demoLimits.catchUpMs
  let quiet = 0
  while (quiet < 3 && clock.monotonic() < untilMs) {
    const text = await readMetrics(stage.ports.streamsOps)
    quiet = text !== null && sumOfMetric(text, lagMetric) === 0 ? quiet + 1 : 0
    await clock.sleep(lookEveryMs, signal)
  }
}

async function databaseCaughtUp(
  { stage, clock, signal }: Witnesses,
  accepted: readonly AcceptedRide[],
  api: ReadonlyMap<string, KnownRide>
): Promise<Evidence['database']> {
  const ids = accepted.map(({ rideId }) => rideId)
  const database = await connectForChecks(stage.environment['MONGO_URL'] ?? '')
  try {
    const untilMs = clock.monotonic() + demoLimits.catchUpMs
    for (;;) {
      const found = await readDatabase(ids)
      if (hasCaughtUp(found, api) || clock.monotonic() >= untilMs) return found
      await clock.sleep(lookEveryMs, signal)
    }
  } finally {
    await database.close()
  }
}

async function readEvents(witnesses: Witnesses): Promise<EventFact[]> {
  const records = await read(witnesses, 'ride_events', 'RideEvent')
  return records.map(({ value: { rideId, seq, type, ride } }) => ({
    rideId,
    seq,
    type,
    pickupEtaSeconds: ride.pickupEtaSeconds
  }))
}

async function readBills(witnesses: Witnesses): Promise<BillFact[]> {
  const records = await read(witnesses, 'bills', 'Bill')
  return records.map(({ value: { billId, rideId, kind } }) => ({ billId, rideId, kind }))
}

async function readNotificationIds(witnesses: Witnesses): Promise<string[]> {
  const records = await read(witnesses, 'notification_events', 'NotificationEvent')
  return records.map(({ value }) => value.notificationId)
}

function read<R extends 'RideEvent' | 'Bill' | 'NotificationEvent'>(
  { stage, codec, from }: Witnesses,
  topic: string,
  record: R
) {
  return readCommitted(stage.kafka, codec, { topic, record, from: from.get(topic) ?? new Map() })
}
