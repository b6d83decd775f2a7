/**
 * The catalogue of topics: the only place that says which topics exist, what they carry, how they
 * are keyed, split and kept. Creation, registration, types and documentation derive from it.
 * @module
 */
import type { RecordName, TopicName } from './types.generated.ts'

export type TopicSpec<N extends string = TopicName> = {
  readonly name: N
  /** Record type of the values; one a topic. */
  readonly record: RecordName
  /** What the key is, in words; keys are UTF-8. */
  readonly key: string
  /** Topics that one task reads together have equal counts. */
  readonly partitions: number
  readonly cleanup: 'delete' | 'compact'
  /** How long records are kept; -1 for compacted topics, whose latest values stay. */
  readonly retentionMs: number
  /** Public topics promise compatibility in both directions, internal ones only to replay. */
  readonly visibility: 'public' | 'internal'
  readonly doc: string
  /** Whether `<name>.dlq` takes records that cannot be processed. */
  readonly dlq: boolean
}

const dayMs = 86_400_000

/** Longer than any outage that is repaired by replay; a week covers a long weekend. */
export const topicRetentionMs = 7 * dayMs
/** What came in over the ordinary rate of a sender is of use for a short while, if at all. */
export const overflowRetentionMs = dayMs
/** Dead letters wait for a person. */
export const dlqRetentionMs = 30 * dayMs
/** Dead letters are few; order across keys does not matter. */
export const dlqPartitions = 3

type Entry = Pick<TopicSpec, 'record' | 'key' | 'partitions' | 'doc'> &
  Partial<Pick<TopicSpec, 'cleanup' | 'visibility' | 'retentionMs' | 'dlq'>>

const catalogue = {
  signup_requests: {
    record: 'SignupRequest',
    key: 'HMAC of role and e-mail address',
    partitions: 3,
    doc: 'Requests to become a customer or driver, from the app or an admin.'
  },
  ssn_claims: {
    record: 'SsnClaim',
    key: 'HMAC of the social security number',
    partitions: 3,
    visibility: 'internal',
    doc: 'Claims of a social security number, from requests to claims within signups.'
  },
  ssn_claim_results: {
    record: 'SsnClaimResult',
    key: 'HMAC of role and e-mail address',
    partitions: 3,
    visibility: 'internal',
    doc: 'Answers to claims of a social security number.'
  },
  user_events: {
    record: 'UserEvent',
    key: 'user id',
    partitions: 6,
    doc: 'What happened to users, with the whole user.'
  },
  ride_requests: {
    record: 'RideRequest',
    key: 'customer id',
    partitions: 6,
    doc: 'Rides asked for by customers.'
  },
  trips_admissions: {
    record: 'RideAdmission',
    key: 'ride id',
    partitions: 6,
    visibility: 'internal',
    doc: 'Verdicts of the intake on ride requests.'
  },
  trips_closed: {
    record: 'RideClosed',
    key: 'customer id',
    partitions: 6,
    visibility: 'internal',
    doc: 'Rides that reached their final status, so that the intake lets the next one in.'
  },
  rider_actions: {
    record: 'RiderAction',
    key: 'ride id',
    partitions: 6,
    doc: 'What riders do with their rides: cancel, rate.'
  },
  driver_actions: {
    record: 'DriverAction',
    key: 'ride id',
    partitions: 6,
    doc: 'What drivers do with rides: accept, decline, arrive, start, end, cancel, no-show, rate.'
  },
  action_results: {
    record: 'ActionResult',
    key: 'id of the user who acted',
    partitions: 6,
    doc: 'What became of actions: applied, or refused with a reason.'
  },
  driver_sessions: {
    record: 'DriverSession',
    key: 'driver id',
    partitions: 6,
    doc: 'Drivers going online and offline.'
  },
  driver_location_updates: {
    record: 'DriverLocation',
    key: 'driver id',
    partitions: 6,
    doc: 'Positions measured by the devices of drivers.'
  },
  'driver_location_updates.overflow': {
    record: 'DriverLocation',
    key: 'driver id',
    partitions: 3,
    retentionMs: overflowRetentionMs,
    // No task reads it, so nothing of it can fail.
    dlq: false,
    doc: 'Positions of drivers over their ordinary rate, accepted but not used for matching or tracks.'
  },
  driver_states: {
    record: 'DriverState',
    key: 'driver id',
    partitions: 6,
    cleanup: 'compact',
    doc: 'Latest state of every driver: status, ride, offer, version.'
  },
  available_drivers: {
    record: 'AvailableDrivers',
    key: 'market',
    partitions: 3,
    doc: 'Drivers entering, moving within and leaving the available ones of a market, in batches.'
  },
  ride_positions: {
    record: 'RidePosition',
    key: 'ride id',
    partitions: 6,
    doc: 'Positions of the drivers of running rides.'
  },
  dispatch_requests: {
    record: 'DispatchRequest',
    key: 'market',
    partitions: 3,
    doc: 'Rides to be matched, added and withdrawn.'
  },
  driver_offers: {
    record: 'DriverOffer',
    key: 'driver id',
    partitions: 6,
    doc: 'Rides proposed to drivers by matching.'
  },
  offer_results: {
    record: 'OfferResult',
    key: 'ride id',
    partitions: 6,
    doc: 'Whether drivers could be reserved for offers.'
  },
  driver_commands: {
    record: 'DriverCommand',
    key: 'driver id',
    partitions: 6,
    doc: 'Drivers assigned to rides and released from them.'
  },
  ride_events: {
    record: 'RideEvent',
    key: 'ride id',
    partitions: 6,
    doc: 'What happened to rides, with the whole ride and a dense sequence number.'
  },
  demand_signals: {
    record: 'DemandSignal',
    key: 'market',
    partitions: 3,
    doc: 'Quotes and first ride requests, as signs of demand.'
  },
  surge_multipliers: {
    record: 'SurgeMultiplier',
    key: 'H3 cell, resolution 8',
    partitions: 3,
    cleanup: 'compact',
    doc: 'Latest surge of every cell; a tombstone means 100 percent.'
  },
  billing_tasks: {
    record: 'BillingTask',
    key: 'ride id',
    partitions: 3,
    doc: 'Rides to be billed.'
  },
  bills: { record: 'Bill', key: 'ride id', partitions: 3, doc: 'Bills issued.' },
  notification_tasks: {
    record: 'NotificationTask',
    key: 'user id',
    partitions: 3,
    doc: 'Messages to be sent to users.'
  },
  notification_events: {
    record: 'NotificationEvent',
    key: 'user id',
    partitions: 3,
    doc: 'What became of messages to users.'
  }
} as const satisfies Readonly<Record<TopicName, Entry>>

function toSpec([name, entry]: readonly [string, Entry]): [string, TopicSpec<string>] {
  const cleanup = entry.cleanup ?? 'delete'
  return [
    name,
    {
      name,
      record: entry.record,
      key: entry.key,
      partitions: entry.partitions,
      cleanup,
      retentionMs: cleanup === 'compact' ? -1 : (entry.retentionMs ?? topicRetentionMs),
      visibility: entry.visibility ?? 'public',
      doc: entry.doc,
      dlq: entry.dlq ?? true
    }
  ]
}

/** Every topic by name. */
export const topics = Object.freeze(
  Object.fromEntries(Object.entries(catalogue).map(toSpec))
) as Readonly<{ [N in TopicName]: TopicSpec<N> }>

/** Every topic name, in the order of the catalogue. */
export const topicNames = Object.keys(catalogue) as readonly TopicName[]

/** Topic that takes the records of `topic` that cannot be processed. */
export function dlqTopic(topic: string): string {
  return `${topic}.dlq`
}

/** Names of the parts a changelog belongs to. */
export type ChangelogName = { readonly app: string; readonly sub: string; readonly store: string }

/** Topic that keeps the latest value of every key of a store. */
export function changelogTopic({ app, sub, store }: ChangelogName): string {
  return `${app}-${sub}-${store}-changelog`
}

/** Registry subject of the values of a topic (TopicNameStrategy). */
export function valueSubject(topic: string): string {
  return `${topic}-value`
}
