/**
 * What the ingress reads from the environment about its worker processes.
 *
 * @module
 */
import { defineConfig } from '../../core/index.ts'

/** Variables of the primary and its workers. */
export const workerConfig = defineConfig({
  INGRESS_WORKERS: {
    type: 'int',
    default: 1,
    min: 0,
    max: 64,
    unit: 'processes',
    doc: 'Processes that share the public port under a primary; 0 or 1 is one process without.'
  },
  INGRESS_WORKER: {
    type: 'int',
    default: null,
    min: 0,
    doc: 'Set by the primary for each worker: which one it is.'
  },
  INGRESS_RELOAD_GRACE: {
    type: 'duration-ms',
    default: 12_000,
    min: 0,
    doc: 'How long a replaced worker serves the connections it has; idle ones end after 10 s by themselves.'
  },
  INGRESS_WORKER_START: {
    type: 'duration-ms',
    default: 60_000,
    min: 1_000,
    doc: 'Longest wait for a new worker to be ready.'
  },
  INGRESS_WORKER_SILENCE: {
    type: 'duration-ms',
    default: 10_000,
    min: 1_000,
    doc: 'A worker whose event loop does not answer this long is killed and started anew.'
  },
  INGRESS_WORKER_CRASHES: {
    type: 'int',
    default: 5,
    min: 1,
    unit: 'deaths',
    doc: 'Deaths of workers in a row, none of which lived for 10 s, after which the primary gives up.'
  }
})

/** The environment that workers inherit. */
export const inheritedEnvironment = (): NodeJS.ProcessEnv => process.env
