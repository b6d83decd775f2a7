/**
 * @module The ingress with its promise switched off: it answers 202 before Kafka has the record. Run by
 * `make test-teeth` in place of ingress/main.ts, to show that the fault tests notice.
 */
import { createLifecycle, createLogger, systemClock } from '../../core/index.ts'
import { readIngressConfig } from '../../ingress/config.ts'
import { addIngress } from '../../ingress/ingress-process.ts'

const config = readIngressConfig()
const logger = createLogger({ name: 'lying-ingress', level: config.shared.logLevel })
const lifecycle = createLifecycle({ logger, clock: systemClock })
addIngress(lifecycle, { config, clock: systemClock, logger, ackBeforeProduce: true })
await lifecycle.runUntilSignal()
