/**
 * @module Named bounds of a task, and the faults that only tests switch on.
 */

export interface TaskSettings {
  /** Records handled in one transaction. */
  readonly recordsPerCommitMax: number
  /** Timers fired in one transaction. */
  readonly timersPerCommitMax: number
  /** Entries of closed windows handed over, and entries past their TTL looked for, in one transaction. */
  readonly closedEntriesPerCommitMax: number
  /** Shortest time between two looks for entries past their TTL, ms. */
  readonly sweepEveryMs: number
  /** Fetched records held before fetching pauses. */
  readonly bufferedRecordsMax: number
  /** Fetched bytes held before fetching pauses. */
  readonly bufferedBytesMax: number
  /** Values of a remote store kept in memory, for each store of a task. */
  readonly cacheEntriesMax: number
  /** A quiet task compares its stores' positions this often, ms. */
  readonly verifyEveryMs: number
  /** A store untouched for longer is rebuilt from its changelog, ms. */
  readonly trustedAgeMs: number
  /** Longest wait for a changelog to become readable, ms. */
  readonly restorePatienceMs: number
  /** Bytes of one changelog fetch; a restore holds two, decoded to about eight times as much. */
  readonly restoreChunkBytes: number
  /** Stores of a process restored at once; with the chunk size it bounds their memory. */
  readonly restoresMax: number
  /** Open transactions older than this are aborted by the broker, ms. */
  readonly transactionTimeoutMs: number
  /** A task stops when more than this share of its last records were dead letters. */
  readonly deadLetterRatioMax: number
  /** Records over which that share is taken. */
  readonly deadLetterWindow: number
  /** Longest time from a record's timestamp to its append, ms; timers wait this much longer. */
  readonly appendLagMs: number
  /** Encodes what each input has written before it is kept, to find the one that cannot be committed. */
  readonly checksEachInput: boolean
  /**
   * As `appendLagMs`, for sources that other sub-topologies write: while one of those is away no
   * longer than this, its records are not late when they come.
   */
  readonly repartitionLagMs: number
  /** Breaks the protocol on purpose, to prove that the tests notice. */
  readonly faults: TaskFaults
}

export interface TaskFaults {
  /** Applies the stores before the transaction commits. */
  readonly applyBeforeCommit?: boolean
  /** Commits outputs and changelog apart from the offsets, as a program without transactions would. */
  readonly withoutTransactions?: boolean
}

export const defaultTaskSettings: TaskSettings = {
  recordsPerCommitMax: 10_000,
  timersPerCommitMax: 500,
  closedEntriesPerCommitMax: 1_000,
  sweepEveryMs: 250,
  bufferedRecordsMax: 30_000,
  bufferedBytesMax: 16 << 20,
  cacheEntriesMax: 10_000,
  verifyEveryMs: 2_000,
  // Half of the changelogs' delete.retention.ms (24 h).
  trustedAgeMs: 12 * 3_600_000,
  restorePatienceMs: 30_000,
  restoreChunkBytes: 1 << 20,
  restoresMax: 4,
  transactionTimeoutMs: 15_000,
  deadLetterRatioMax: 0.5,
  deadLetterWindow: 200,
  appendLagMs: 0,
  checksEachInput: false,
  repartitionLagMs: 30_000,
  faults: {}
}
