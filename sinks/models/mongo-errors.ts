/**
 * Which errors of MongoDB say that it is away or busy, and not that a write was wrong. Decided by
 * class, code and label, never by message.
 *
 * @module
 */

/** What stays of an error that the driver wraps or that comes from the server. */
type MongoLike = {
  readonly name?: unknown
  readonly code?: unknown
  readonly errorLabels?: unknown
  readonly cause?: unknown
  readonly errorResponse?: unknown
}

/** Classes of the driver and of Mongoose that mean: no answer, or no connection to ask over. */
const outageNames = new Set([
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoServerSelectionError',
  'MongooseServerSelectionError',
  'MongoNotConnectedError',
  'MongoTopologyClosedError',
  'MongoServerClosedError',
  'MongoClientClosedError',
  'MongoPoolClosedError',
  'MongoPoolClearedError',
  'MongoPoolClearedOnNetworkError',
  'MongoWaitQueueTimeoutError',
  'MongoOperationTimeoutError',
  'MongoWriteConcernError',
  'MongoStalePrimaryError',
  'MongoExpiredSessionError',
  'MongoUnexpectedServerResponseError',
  'PoolClearedError',
  'PoolClosedError',
  'PoolClearedOnNetworkError',
  'WaitQueueTimeoutError'
])

const outageLabels = ['RetryableWriteError', 'RetryableError', 'SystemOverloadedError', 'ResetPool']

/**
 * Server codes that pass with time or with an operator's help: none of them is the record's fault,
 * so none may lead to a dead letter. Rights and credentials are among them, as an operator changes
 * those, and so is InternalError, which servers with a database behind them answer while that one
 * is away.
 */
const outageCodes = new Set([
  1, // InternalError
  6, // HostUnreachable
  7, // HostNotFound
  8, // UnknownError
  13, // Unauthorized
  18, // AuthenticationFailed
  24, // LockTimeout
  46, // LockBusy
  50, // MaxTimeMSExpired
  63, // StaleShardVersion
  64, // WriteConcernTimeout
  79, // UnknownReplWriteConcern
  89, // NetworkTimeout
  91, // ShutdownInProgress
  100, // UnsatisfiableWriteConcern
  112, // WriteConflict
  117, // ConflictingOperationInProgress
  133, // FailedToSatisfyReadPreference
  134, // ReadConcernMajorityNotAvailableYet
  150, // StaleEpoch
  189, // PrimarySteppedDown
  202, // NetworkInterfaceExceededTimeLimit
  262, // ExceededTimeLimit
  279, // ClientDisconnect
  358, // InternalTransactionNotSupported
  391, // Reauthenticate
  462, // IngressRequestRateLimitExceeded
  8000, // Atlas: over its limits or not authorised
  9001, // SocketException
  10058, // LegacyNotPrimary
  10107, // NotWritablePrimary
  11600, // InterruptedAtShutdown
  11601, // Interrupted
  11602, // InterruptedDueToReplStateChange
  13388, // StaleConfig
  13435, // NotPrimaryNoSecondaryOk
  13436, // NotPrimaryOrSecondary
  14031 // OutOfDiskSpace
])

const causesMax = 8

/** Whether a server's error code means that MongoDB is away or busy. */
export function isOutageCode(code: unknown): boolean {
  return typeof code === 'number' && outageCodes.has(code)
}

/**
 * Whether an error of a whole command means that MongoDB is away or busy. Looks at the causes too,
 * and at what a bulk write wraps, as it drops the class of the error that ended it. Never throws.
 */
export function isMongoOutage(error: unknown): boolean {
  const queue: unknown[] = [error]
  for (let seen = 0; seen < causesMax && queue.length > 0; seen += 1) {
    const current = queue.shift()
    if (typeof current !== 'object' || current === null) continue
    const { name, code, errorLabels, cause, errorResponse } = current as MongoLike
    if (typeof name === 'string' && outageNames.has(name)) return true
    if (isOutageCode(code)) return true
    if (Array.isArray(errorLabels) && outageLabels.some((label) => errorLabels.includes(label))) {
      return true
    }
    queue.push(errorResponse, cause)
  }
  return false
}
