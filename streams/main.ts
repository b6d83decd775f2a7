/**
 * @module Starts the stream services named by SERVICES.
 */
import { createLifecycle, createLogger, systemClock } from '../core/index.ts'
import { readStreamsConfig } from './config.ts'
import { addStreams } from './streams-process.ts'

const config = readStreamsConfig()
const logger = createLogger({ name: 'streams', level: config.shared.logLevel })
const lifecycle = createLifecycle({ logger, clock: systemClock, stopTimeoutMs: 15_000 })
addStreams(lifecycle, config, systemClock)
await lifecycle.runUntilSignal()
