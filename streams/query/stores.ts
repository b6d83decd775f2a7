/**
 * @module The stores other processes may read, by name: which service keeps them, how they are
 * keyed to partitions and what they hold.
 */
import { type RecordName, type TopicName, topics } from '../../avro/index.ts'

/** A readable store. `lead` names the topic that its partitions follow. */
export interface StoreRef<R extends RecordName = RecordName> {
  readonly app: string
  readonly sub: string
  readonly store: string
  readonly record: R
  readonly lead: TopicName
  /** Partition of an entry: that of its partition key, or of the market. */
  readonly keyedBy: 'key' | 'market'
}

function storeRef<const R extends RecordName>(ref: StoreRef<R>): StoreRef<R> {
  return ref
}

export const stores = {
  rides: storeRef({
    app: 'trips',
    sub: 'rides',
    store: 'rides',
    record: 'RideState',
    lead: 'trips_admissions',
    keyedBy: 'key'
  }),
  intake: storeRef({
    app: 'trips',
    sub: 'intake',
    store: 'intake',
    record: 'IntakeState',
    lead: 'ride_requests',
    keyedBy: 'key'
  }),
  drivers: storeRef({
    app: 'drivers',
    sub: 'sessions',
    store: 'drivers',
    record: 'DriverRecord',
    lead: 'driver_sessions',
    keyedBy: 'key'
  }),
  emails: storeRef({
    app: 'signups',
    sub: 'requests',
    store: 'emails',
    record: 'EmailClaimState',
    lead: 'signup_requests',
    keyedBy: 'key'
  }),
  presence: storeRef({
    app: 'locations',
    sub: 'presence',
    store: 'presence',
    record: 'PresenceState',
    lead: 'driver_location_updates',
    keyedBy: 'key'
  }),
  surge: storeRef({
    app: 'surge',
    sub: 'cells',
    store: 'cells',
    record: 'SurgeCellState',
    lead: 'demand_signals',
    keyedBy: 'market'
  })
} as const

/** Partitions of a store: those of its lead topic. */
export function storePartitions(ref: StoreRef): number {
  return topics[ref.lead].partitions
}
