/**
 * What is known when everything is quiet, from four sides: the riders' own book, the API's last word,
 * the database, and the committed topics. `report.ts` compares them.
 *
 * @module
 */
import type { BillKind, RideEventType } from '../../avro/index.ts'
import type { PushArrival } from '../../simulator/index.ts'

/** An accepted request, from the riders' book. Times are epoch ms. */
export type AcceptedRide = {
  readonly rideId: string
  readonly sentAtMs: number
  readonly acceptedAtMs: number
}

/** A ride as the API or the database has it; status in lower case. */
export type KnownRide = { readonly status: string; readonly feeMinor: number | null }

/** A ride event of a committed topic. */
export type EventFact = {
  readonly rideId: string
  readonly seq: number
  readonly type: RideEventType
  readonly pickupEtaSeconds: number | null
}

/** A bill, of a topic or the database. */
export type BillFact = { readonly billId: string; readonly rideId: string; readonly kind: BillKind }

/** What riders and drivers were told by push. */
export type PushEvidence = {
  /** Frames by type. */
  readonly frames: Readonly<Record<string, number>>
  readonly arrivals: readonly PushArrival[]
  readonly positionLatenessMs: readonly number[]
  /** Phones, and connections after the first of each. */
  readonly phones: number
  readonly reconnects: number
  readonly failures: number
  /** Ends of live connections by close code. */
  readonly closes: Readonly<Record<string, number>>
  /** Broken promises of the numbers, as sentences, and how many there were. */
  readonly anomalies: readonly string[]
  readonly anomalyCount: number
  readonly resyncs: number
  readonly resumed: number
  readonly pollsWhileLive: number
  readonly pollsWhileDown: number
  /** Accepted rides whose rider was not told of the end that the API shows. */
  readonly untold: number
}

/** See the module. */
export type Evidence = {
  readonly refused: number
  readonly unanswered: number
  readonly accepted: readonly AcceptedRide[]
  readonly api: ReadonlyMap<string, KnownRide>
  readonly database: {
    readonly rides: ReadonlyMap<string, KnownRide>
    readonly bills: readonly BillFact[]
  }
  readonly events: readonly EventFact[]
  readonly bills: readonly BillFact[]
  readonly notificationIds: readonly string[]
  /** Actions that drivers and riders were told are refused. */
  readonly refusedActions: number
  /** When events could be read, in that order; the first match and the end of rides. */
  readonly seenAtMs: readonly number[]
  readonly matchedAtMs: ReadonlyMap<string, number>
  readonly endedAtMs: ReadonlyMap<string, number>
  /** When each event could be read, by `rideId:seq`. */
  readonly seenAtMsByEvent: ReadonlyMap<string, number>
  readonly push: PushEvidence
}
