/**
 * The connection to MongoDB that all models share.
 *
 * @module
 */

import mongoose, { type Connection } from 'mongoose'
import { type Clock, FatalError, type Logger, RetryError } from '../../core/index.ts'
import { BillModel } from './bill.ts'
import { CustomerModel } from './customer.ts'
import { DeadLetterModel } from './dead-letter.ts'
import { DriverModel } from './driver.ts'
import { DriverMinuteModel } from './driver-minute.ts'
import { HourlyRollupModel } from './hourly-rollup.ts'
import { isMongoOutage } from './mongo-errors.ts'
import { NotificationModel } from './notification.ts'
import { RideModel } from './ride.ts'
import { RideTrackModel } from './ride-track.ts'
import { SurgeHistoryModel } from './surge-history.ts'

/** Names the database when the address has no path. */
const databaseDefault = 'hailstream'

/** How long an operation waits for a usable server, ms: longer than an election takes. */
const selectionTimeoutMs = 5_000
/** A bulk write of a thousand documents takes about a second; a stalled socket never answers. */
const socketTimeoutMs = 30_000
/** Of the ten connectors each has one write in flight; the ingress reads in parallel. */
const connectionsMax = 32

/** Waits between attempts to connect: 500 ms doubling to 10 s. */
const reconnectMs = 500
const reconnectMsMax = 10_000

const models = [
  CustomerModel,
  DriverModel,
  RideModel,
  BillModel,
  NotificationModel,
  RideTrackModel,
  DriverMinuteModel,
  SurgeHistoryModel,
  HourlyRollupModel,
  DeadLetterModel
] as const

/** Where to connect. `url` is kept out of logs. */
export type DatabaseOptions = {
  readonly url: string
  readonly logger: Logger
  readonly clock: Clock
}

/** The connection of the process; the models use it. */
export type Database = {
  readonly connection: Connection
  /** RetryError(HAIL_MONGO_UNAVAILABLE) when MongoDB does not answer. */
  ping(): Promise<void>
  /** Whether operations can be tried at all. */
  isConnected(): boolean
  /**
   * Creates what collections and indexes are missing, never drops any. Idempotent.
   * RetryError(HAIL_MONGO_UNAVAILABLE) on an outage, FatalError(HAIL_CONFIG) when data or an
   * existing index is in the way.
   */
  ensureIndexes(): Promise<void>
  /** Callers that share the connection each close once; the last one ends it. */
  close(): Promise<void>
}

let users = 0

/**
 * Connects the models of this process. When MongoDB is away this still resolves, after one attempt,
 * and goes on connecting behind: operations fail as outages until then. Later calls with the same
 * address share the connection. FatalError(HAIL_CONFIG) when the address cannot be used.
 */
export async function connectDatabase(options: DatabaseOptions): Promise<Database> {
  const { clock, url } = options
  const logger = options.logger.child({ component: 'mongo' })
  const { connection } = mongoose
  const stop = new AbortController()
  users += 1

  const open = async (): Promise<boolean> => {
    try {
      await mongoose.connect(url, connectOptions(url))
      return true
    } catch (error) {
      if (!isMongoOutage(error)) {
        const message = 'expected an address of MongoDB in MONGO_URL, got one it cannot use'
        throw new FatalError('HAIL_CONFIG', message, { cause: error })
      }
      logger.warn({ error }, 'MongoDB does not answer yet')
      return false
    }
  }
  const openBehind = async (): Promise<void> => {
    for (let waits = 0; ; waits += 1) {
      await clock.sleep(Math.min(reconnectMs * 2 ** waits, reconnectMsMax), stop.signal)
      if (await open()) return
    }
  }

  try {
    if (!(await open())) {
      openBehind().catch((error: unknown) => {
        if (!stop.signal.aborted) logger.error({ error }, 'connecting to MongoDB was given up')
      })
    }
  } catch (error) {
    users -= 1
    throw error
  }
  const isConnected = (): boolean => connection.readyState === mongoose.ConnectionStates.connected
  return {
    connection,
    isConnected,
    ping: () => ping(connection),
    ensureIndexes,
    close: async () => {
      if (stop.signal.aborted) return
      stop.abort()
      users -= 1
      if (users === 0) await mongoose.disconnect()
    }
  }
}

function connectOptions(url: string) {
  const hasPath = /^mongodb(?:\+srv)?:\/\/[^/]+\/[^?]/.test(url)
  return {
    ...(hasPath ? {} : { dbName: databaseDefault }),
    appName: 'hailstream',
    serverSelectionTimeoutMS: selectionTimeoutMs,
    connectTimeoutMS: selectionTimeoutMs,
    socketTimeoutMS: socketTimeoutMs,
    maxPoolSize: connectionsMax,
    // A write that a fail-over can undo must not be followed by an offset commit.
    writeConcern: { w: 'majority', journal: true } as const,
    autoIndex: false,
    autoCreate: false
  }
}

async function ping(connection: Connection): Promise<void> {
  try {
    if (connection.db === undefined) throw new Error('not connected yet')
    await connection.db.command({ ping: 1 })
  } catch (error) {
    throw unavailable('answer a ping', error)
  }
}

async function ensureIndexes(): Promise<void> {
  for (const model of models) {
    const name = model.collection.collectionName
    try {
      await model.createCollection()
      await model.createIndexes()
    } catch (error) {
      if (isMongoOutage(error) || isUnconnected(error)) throw unavailable('create indexes', error)
      const message = `expected to create the indexes of ${name}, which is refused; compare them`
      throw new FatalError('HAIL_CONFIG', message, { cause: error })
    }
  }
}

/** Mongoose refuses operations before its first connection with its base class. */
function isUnconnected(error: unknown): boolean {
  return error instanceof mongoose.MongooseError && error.name === 'MongooseError'
}

function unavailable(what: string, cause: unknown): RetryError {
  return new RetryError('HAIL_MONGO_UNAVAILABLE', `MongoDB did not ${what}`, { cause })
}
