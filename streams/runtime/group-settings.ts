/**
 * @module Named bounds of a sub-topology's membership and of its fetch loop.
 */

export interface GroupSettings {
  readonly sessionTimeoutMs: number
  readonly heartbeatMs: number
  readonly rebalanceTimeoutMs: number
  /** Longest a broker may hold an empty fetch, ms; bounds how late a timer fires. */
  readonly fetchMaxWaitMs: number
  /**
   * The same, ms, while no task awaits anything but records and one broker has them all: nothing of it
   * makes a timer or a record late.
   */
  readonly fetchIdleWaitMs: number
  readonly fetchMaxBytes: number
  /**
   * Shortest time between two fetches, ms. Under load every append would answer a fetch of its own;
   * a pause lets records gather, at the price of that much latency a hop.
   */
  readonly fetchIntervalMs: number
  /** First and longest wait before a dropped task is acquired anew, ms. */
  readonly reacquireMs: number
  readonly reacquireMsMax: number
}

export const defaultGroupSettings: GroupSettings = {
  sessionTimeoutMs: 10_000,
  heartbeatMs: 1_000,
  rebalanceTimeoutMs: 10_000,
  fetchMaxWaitMs: 200,
  fetchIdleWaitMs: 500,
  fetchMaxBytes: 1 << 20,
  fetchIntervalMs: 20,
  reacquireMs: 50,
  reacquireMsMax: 5_000
}
