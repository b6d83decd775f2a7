/**
 * What the sinks read from the environment.
 *
 * @module
 */

import { ConfigError, defineConfig, type Environment, readSharedConfig } from '../core/index.ts'
import { connectorNames } from './catalogue.ts'
import type { RunnerSettings } from './runtime/index.ts'

/** Variables of the sinks beside the shared ones. */
export const sinksConfig = defineConfig({
  SINKS: {
    type: 'list',
    default: null,
    doc: 'Connectors to run, comma separated, or `all` (when unset).'
  },
  SINKS_GROUP_PREFIX: {
    type: 'string',
    default: 'hs-sink-',
    minLength: 1,
    doc: 'Start of the consumer groups; another one reads all that Kafka still has once more.'
  },
  SINKS_OPS_PORT: {
    type: 'int',
    default: 9466,
    min: 0,
    max: 65_535,
    doc: 'Port of health, readiness and metrics; 0 takes a free one.'
  },
  SINKS_BATCH_RECORDS: {
    type: 'int',
    default: 1_000,
    min: 1,
    max: 10_000,
    unit: 'records',
    doc: 'Largest batch of a connector; batches shrink by themselves while MongoDB is slow.'
  },
  SINKS_FETCH_BYTES: {
    type: 'bytes',
    default: 2 * 1024 * 1024,
    min: 64 * 1024,
    max: 64 * 1024 * 1024,
    doc: 'Largest fetch of a connector. It holds two, so 11 connectors hold at most 44 MiB.'
  },
  SINKS_COMMIT_INTERVAL: {
    type: 'duration-ms',
    default: 500,
    min: 0,
    max: 60_000,
    doc: 'Offsets are committed at most this often while records flow.'
  },
  SINKS_SESSION_TIMEOUT: {
    type: 'duration-ms',
    default: 10_000,
    min: 6_000,
    max: 300_000,
    doc: 'After this silence of a process, its partitions go to the others.'
  },
  SINKS_RETRY_FIRST: {
    type: 'duration-ms',
    default: 100,
    min: 1,
    max: 60_000,
    doc: 'First wait after an outage was met; it doubles.'
  },
  SINKS_RETRY_MAX: {
    type: 'duration-ms',
    default: 15_000,
    min: 1,
    max: 600_000,
    doc: 'Longest wait while an outage lasts.'
  },
  SINKS_DLQ_WINDOW: {
    type: 'int',
    default: 500,
    min: 1,
    max: 1_000_000,
    unit: 'records',
    doc: 'Records looked back on to judge the share of dead letters.'
  },
  SINKS_DLQ_RATIO_MAX: {
    type: 'number',
    default: 0.2,
    min: 0,
    max: 1,
    doc: 'Share of dead letters above which a connector stops instead of writing more.'
  },
  SINKS_MEMORY_BYTES: {
    type: 'bytes',
    default: 16 * 1024 * 1024,
    min: 64 * 1024,
    max: 4 * 1024 * 1024 * 1024,
    doc: 'What a connector remembers of its collection to save reads: 11 hold at most 176 MiB.'
  }
})

/** Heartbeats per session timeout, as Kafka advises. */
const heartbeatsPerSession = 3
/** A member that is writing joins a rebalance after its batch at the latest. */
const rebalanceTimeoutMs = 30_000

/** Settings of the sinks, whatever process runs them. */
export type SinksSettings = {
  /** Connectors to run, by name. */
  readonly names: readonly string[]
  /** What a connector remembers of its collection at most. */
  readonly memoryBytes: number
  readonly runner: RunnerSettings
}

/** Reads the variables. Throws `ConfigError` (fatal) naming each bad one. */
export function readSinksConfig(environment: Environment = process.env) {
  const shared = readSharedConfig(environment, { secrets: [] })
  const values = sinksConfig.load(environment)
  const settings: SinksSettings = {
    names: chooseNames(values.SINKS),
    memoryBytes: values.SINKS_MEMORY_BYTES,
    runner: {
      groupPrefix: values.SINKS_GROUP_PREFIX,
      batch: { recordsMax: values.SINKS_BATCH_RECORDS, fetchBytesMax: values.SINKS_FETCH_BYTES },
      group: {
        sessionTimeoutMs: values.SINKS_SESSION_TIMEOUT,
        heartbeatMs: Math.floor(values.SINKS_SESSION_TIMEOUT / heartbeatsPerSession),
        rebalanceTimeoutMs,
        commitIntervalMs: values.SINKS_COMMIT_INTERVAL
      },
      retry: { firstMs: values.SINKS_RETRY_FIRST, maxMs: values.SINKS_RETRY_MAX },
      deadLetters: {
        windowRecords: values.SINKS_DLQ_WINDOW,
        ratioMax: values.SINKS_DLQ_RATIO_MAX
      }
    }
  }
  return { shared, settings, opsPort: values.SINKS_OPS_PORT }
}

function chooseNames(given: readonly string[] | null): readonly string[] {
  if (given === null || given.includes('all')) return connectorNames
  const unknown = given.filter((name) => !connectorNames.includes(name))
  if (unknown.length === 0) return given
  const expected = `all, or some of ${connectorNames.join(', ')}`
  throw new ConfigError([{ variable: 'SINKS', expected, got: `'${unknown.join(',')}'` }])
}
