/**
 * Starts the ingress with the roles named by ROLES. Needs `UWS_HTTP_MAX_HEADERS_SIZE=16384` in the
 * environment before it starts: the web server reads it when it is loaded. With INGRESS_WORKERS above 1
 * this process is the primary, and starts this same file again for each worker.
 *
 * @module
 */
import { fileURLToPath } from 'node:url'
import { createLifecycle, createLogger, systemClock } from '../core/index.ts'
import { readIngressConfig } from './config.ts'
import { addPrimary, workerStopMsMax } from './workers/index.ts'

const config = readIngressConfig()
const { settings, shared } = config
const clock = systemClock
const worker = settings.INGRESS_WORKER
const isPrimary = worker === null && settings.INGRESS_WORKERS > 1
const logger = createLogger({
  name: 'ingress',
  level: shared.logLevel,
  bindings: worker === null ? {} : { worker }
})
if (settings.UWS_HTTP_MAX_HEADERS_SIZE === null) {
  logger.warn({}, 'UWS_HTTP_MAX_HEADERS_SIZE is not set: long tokens will fail now and then')
}
const aloneMsMax =
  settings.DRAIN_GRACE +
  config.push.PUSH_DRAIN_SPREAD +
  settings.DRAIN_TIMEOUT +
  settings.INGRESS_DEADLINE +
  2_000
const stopMsMax = workerStopMsMax(config)
const lifecycle = createLifecycle({
  logger,
  clock,
  // Each part gets the longest the drain can take, and a little; the primary waits for its workers.
  stopTimeoutMs: isPrimary ? stopMsMax + 2_000 : worker === null ? aloneMsMax : stopMsMax - 2_000
})
if (isPrimary) {
  addPrimary(lifecycle, { config, clock, logger, entry: fileURLToPath(import.meta.url) })
} else {
  process.on('SIGHUP', () => logger.warn({}, 'one process alone is not reloaded: restart it'))
  // A primary needs none of what serves requests.
  const { addIngress } = await import('./ingress-process.ts')
  const channel = worker === null ? {} : { channel: process }
  addIngress(lifecycle, { config, clock, logger, ...channel })
}
await lifecycle.runUntilSignal()
