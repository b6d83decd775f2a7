/**
 * What all schemas have in common.
 *
 * @module
 */

/**
 * Unknown fields throw instead of vanishing; documents carry no `__v`, as versions come from the
 * events; nulls are kept, so that a replaced document has the same shape as an inserted one.
 * Collections and indexes are made by `ensureIndexes`, not behind a query's back.
 */
export const schemaOptions = {
  versionKey: false,
  id: false,
  minimize: false,
  strict: 'throw',
  autoIndex: false,
  autoCreate: false,
  bufferCommands: false
} as const

/** Options of schemas inside documents. */
export const partOptions = { _id: false, id: false, minimize: false, strict: 'throw' } as const

/** A field that is always there but may be null. */
export const nullable = <T>(type: T) => ({ type, default: null })

/** A field that is always there and never null. */
export const required = <T>(type: T) => ({ type, required: true as const })

const daySeconds = 86_400

/** How long documents that only grow in number are kept. */
export const retentionSeconds = {
  /** As long as the dead-letter topics themselves. */
  deadLetters: 30 * daySeconds,
  driverMinutes: 30 * daySeconds,
  rideTracks: 90 * daySeconds,
  surgeHistory: 90 * daySeconds,
  notifications: 90 * daySeconds
} as const
