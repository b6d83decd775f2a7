/**
 * @module kafkajs' log lines, through our logger: at most at `warn`, because whoever called gets
 * the error and decides, and without its extra fields but for a few that say where. Message texts
 * of kafkajs name topics and groups, never payloads.
 */

import type { LogEntry } from 'kafkajs'
import type { LogFields, Logger } from '../logger.ts'

/** kafkajs' levels: 1 error, 2 warn, 4 info, 5 debug. */
const warnLevel = 2

/**
 * Their callers get the error and decide; CONCURRENT_TRANSACTIONS alone would be a warning a
 * commit.
 */
const quietNamespaces = new Set(['Connection', 'Producer'])

export function createLibraryLog(logger: Logger): () => (entry: LogEntry) => void {
  return () =>
    ({ namespace, level, log }) => {
      const isWarning = level <= warnLevel && !quietNamespaces.has(namespace)
      const fields = { ...placeOf(log), component: `kafkajs.${namespace}` }
      if (isWarning) logger.warn(fields, log.message)
      else logger.debug(fields, log.message)
    }
}

function placeOf(log: LogEntry['log']): LogFields {
  const { groupId, memberId, topic, partition, retryCount, broker } = log as Record<string, unknown>
  return { groupId, memberId, topic, partition, retryCount, address: broker }
}
