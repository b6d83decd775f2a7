/**
 * The figures of a run, from its evidence alone.
 *
 * @module
 */
import type { BillKind, RideEventType } from '../../avro/index.ts'
import { isEnded } from '../../simulator/index.ts'
import type { AcceptedRide, BillFact, Evidence, PushEvidence } from './evidence.ts'

/** Figures of every run. */
export type Report = {
  /** Requests the API refused, and those nobody answered: their rides may exist or not. */
  readonly refused: number
  readonly unanswered: number
  /** 202s by the riders' own book. */
  readonly accepted: number
  /** By the API's last word. */
  readonly completed: number
  readonly cancelled: number
  readonly noDrivers: number
  readonly rejected: number
  readonly inFlight: number
  /** Events of the committed topic. */
  readonly declined: number
  readonly expired: number
  readonly reallocated: number
  readonly refusedActions: number
  readonly feeCancellations: number
  /** Bills of the committed topic, and those of the database. */
  readonly tripBills: number
  readonly feeBills: number
  readonly storedTripBills: number
  readonly storedFeeBills: number
  /**
   * Accepted rides that have not ended by the API and by the database, and numbers missing from
   * their events.
   */
  readonly lost: number
  /** Events, bills and notifications that the topics hold more than once. */
  readonly duplicates: number
  /** Accepted rides that have ended one way here and another way there. */
  readonly disagreeing: number
  /** Rides of the topic that no rider was told of. */
  readonly strangers: number
  readonly matchLatencyMs: { readonly p50: number; readonly p99: number }
  readonly pickupEtaSecondsMean: number
  readonly push: PushReport
}

/** How late something was, ms. */
export type Lateness = {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

/** Figures of push. */
export type PushReport = Omit<
  PushEvidence,
  'arrivals' | 'positionLatenessMs' | 'anomalies' | 'anomalyCount'
> & {
  /** Ride events that reached phones: riders' and drivers' each for themselves. */
  readonly events: number
  /** Gaps, repeats and rides forgotten, by the phones' own books. */
  readonly gaps: number
  /**
   * From when a reader of the committed topic beside the ingress had the event to its arrival at a phone;
   * 0 where the phone was first.
   */
  readonly lateMs: Lateness
  /** From the time in the event, which is that of its task, to its arrival. */
  readonly sinceEventMs: Lateness
  /** From the measuring of a position, through everything, to its arrival. */
  readonly positionMs: Lateness
}

const endEvents: Partial<Record<RideEventType, string>> = {
  RIDE_COMPLETED: 'completed',
  RIDE_CANCELLED: 'cancelled',
  MATCHING_FAILED: 'no_drivers_available',
  RIDE_REJECTED: 'rejected'
}

/** Pure; O(events log events). */
export function createReport(evidence: Evidence): Report {
  const { accepted, api, events, database } = evidence
  const ids = new Set(accepted.map(({ rideId }) => rideId))
  const ended = (status: string): number =>
    accepted.filter(({ rideId }) => api.get(rideId)?.status === status).length
  const told = (type: RideEventType): number =>
    events.filter((event) => event.type === type && ids.has(event.rideId)).length
  const ownBills = evidence.bills.filter(({ rideId }) => ids.has(rideId))
  const latencies = latenciesOf(evidence)
  return {
    refused: evidence.refused,
    unanswered: evidence.unanswered,
    accepted: ids.size,
    completed: ended('completed'),
    cancelled: ended('cancelled'),
    noDrivers: ended('no_drivers_available'),
    rejected: ended('rejected'),
    inFlight: accepted.filter(({ rideId }) => !isEnded(api.get(rideId)?.status ?? '')).length,
    declined: told('OFFER_DECLINED'),
    expired: told('OFFER_EXPIRED'),
    reallocated: told('RIDE_REALLOCATED'),
    refusedActions: evidence.refusedActions,
    feeCancellations: accepted.filter(({ rideId }) => hasFee(evidence, rideId)).length,
    tripBills: countBills(ownBills, 'TRIP'),
    feeBills: countBills(ownBills, 'CANCELLATION_FEE'),
    storedTripBills: countBills(database.bills, 'TRIP'),
    storedFeeBills: countBills(database.bills, 'CANCELLATION_FEE'),
    lost: countLost(evidence),
    duplicates: countDuplicates(evidence),
    disagreeing: accepted.filter(({ rideId }) => !isAgreed(evidence, rideId)).length,
    strangers: new Set(events.flatMap(({ rideId }) => (ids.has(rideId) ? [] : [rideId]))).size,
    matchLatencyMs: { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) },
    pickupEtaSecondsMean: meanPickupEta(evidence, ids),
    push: pushReport(evidence)
  }
}

/** Requests accepted before `atMs` whose end could not be read before it. */
export function openAt(evidence: Evidence, atMs: number): number {
  return evidence.accepted.filter(
    ({ rideId, acceptedAtMs }) =>
      acceptedAtMs <= atMs && (evidence.endedAtMs.get(rideId) ?? Number.POSITIVE_INFINITY) > atMs
  ).length
}

/** Longest time from `fromMs` to `untilMs` in which no committed ride event became visible, ms. */
export function longestSilenceMs(
  seenAtMs: readonly number[],
  { fromMs, untilMs }: { readonly fromMs: number; readonly untilMs: number }
): number {
  let longest = 0
  let last = fromMs
  for (const at of [...seenAtMs.filter((seen) => seen > fromMs && seen < untilMs), untilMs]) {
    longest = Math.max(longest, at - last)
    last = at
  }
  return longest
}

/**
 * The value that `share` of the values do not exceed (nearest rank); 0 without values.
 * @param sorted ascending
 */
export function percentile(sorted: readonly number[], share: number): number {
  const rank = Math.max(1, Math.ceil(sorted.length * share))
  return sorted[rank - 1] ?? 0
}

function pushReport({ push, seenAtMsByEvent }: Evidence): PushReport {
  const { arrivals, positionLatenessMs, anomalies: _, anomalyCount, ...rest } = push
  const late = arrivals.flatMap(({ rideId, seq, arrivedAtMs }) => {
    const seenAtMs = seenAtMsByEvent.get(`${rideId}:${seq}`)
    return seenAtMs === undefined ? [] : [Math.max(0, arrivedAtMs - seenAtMs)]
  })
  const sinceEvent = arrivals.map(({ eventAtMs, arrivedAtMs }) => arrivedAtMs - eventAtMs)
  return {
    ...rest,
    events: arrivals.length,
    gaps: anomalyCount,
    lateMs: latenessOf(late),
    sinceEventMs: latenessOf(sinceEvent),
    positionMs: latenessOf(positionLatenessMs)
  }
}

function latenessOf(values: readonly number[]): Lateness {
  const sorted = [...values].sort((a, b) => a - b)
  const [p50 = 0, p95 = 0, p99 = 0] = [0.5, 0.95, 0.99].map((share) => percentile(sorted, share))
  return { p50, p95, p99, max: sorted.at(-1) ?? 0 }
}

function hasFee({ api }: Evidence, rideId: string): boolean {
  const ride = api.get(rideId)
  return ride?.status === 'cancelled' && (ride.feeMinor ?? 0) > 0
}

function countBills(bills: readonly BillFact[], kind: BillKind): number {
  return bills.filter((bill) => bill.kind === kind).length
}

function countLost({ accepted, api, database, events }: Evidence): number {
  const seqsByRide = new Map<string, Set<number>>()
  for (const { rideId, seq } of events) {
    const seqs = seqsByRide.get(rideId)
    if (seqs === undefined) seqsByRide.set(rideId, new Set([seq]))
    else seqs.add(seq)
  }
  let lost = 0
  for (const { rideId } of accepted) {
    const hasEnded = [api.get(rideId), database.rides.get(rideId)].every(
      (ride) => ride !== undefined && isEnded(ride.status)
    )
    if (!hasEnded) lost += 1
  }
  // Numbers count from 1 without a gap, so a ride has as many as its highest one.
  for (const seqs of seqsByRide.values()) lost += Math.max(...seqs) - seqs.size
  return lost
}

function countDuplicates({ events, bills, notificationIds }: Evidence): number {
  const repeated = (ids: readonly string[]): number => ids.length - new Set(ids).size
  const billsRepeated = Math.max(
    repeated(bills.map(({ billId }) => billId)),
    repeated(bills.map(({ rideId, kind }) => `${rideId}:${kind}`))
  )
  return (
    repeated(events.map(({ rideId, seq }) => `${rideId}:${seq}`)) +
    billsRepeated +
    repeated(notificationIds)
  )
}

/** True when API, database and exactly one ending event tell the same end. */
function isAgreed({ api, database, events }: Evidence, rideId: string): boolean {
  const told = events.flatMap((event) =>
    event.rideId === rideId && endEvents[event.type] !== undefined ? [endEvents[event.type]] : []
  )
  const status = api.get(rideId)?.status
  return told.length === 1 && told[0] === status && database.rides.get(rideId)?.status === status
}

function latenciesOf({ accepted, matchedAtMs }: Evidence): number[] {
  const latencyOf = ({ rideId, sentAtMs }: AcceptedRide): number[] => {
    const matched = matchedAtMs.get(rideId)
    return matched === undefined ? [] : [matched - sentAtMs]
  }
  return accepted.flatMap(latencyOf).sort((a, b) => a - b)
}

function meanPickupEta({ events }: Evidence, ids: ReadonlySet<string>): number {
  const etas = events.flatMap(({ type, rideId, pickupEtaSeconds }) =>
    type === 'RIDE_MATCHED' && ids.has(rideId) && pickupEtaSeconds !== null
      ? [pickupEtaSeconds]
      : []
  )
  const sum = etas.reduce((total, eta) => total + eta, 0)
  return etas.length === 0 ? 0 : Math.round((sum / etas.length) * 10) / 10
}
