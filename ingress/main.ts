/**
 * Starts the ingress with the roles named by ROLES. Needs `UWS_HTTP_MAX_HEADERS_SIZE=16384` in the
 * environment before it starts: the web server reads it when it is loaded.
 *
 * @module
 */
import { createLifecycle, createLogger, systemClock } from '../core/index.ts'
import { readIngressConfig } from './config.ts'
import { addIngress } from './ingress-process.ts'

const config = readIngressConfig()
const { settings, shared } = config
const logger = createLogger({ name: 'ingress', level: shared.logLevel })
if (settings.UWS_HTTP_MAX_HEADERS_SIZE === null) {
  logger.warn({}, 'UWS_HTTP_MAX_HEADERS_SIZE is not set: long tokens will fail now and then')
}
const lifecycle = createLifecycle({
  logger,
  clock: systemClock,
  // Each part gets the longest the drain can take, and a little.
  stopTimeoutMs:
    settings.DRAIN_GRACE +
    config.push.PUSH_DRAIN_SPREAD +
    settings.DRAIN_TIMEOUT +
    settings.INGRESS_DEADLINE +
    2_000
})
addIngress(lifecycle, { config, clock: systemClock, logger })
await lifecycle.runUntilSignal()
