/**
 * From Kafka to MongoDB. Readers of MongoDB import `sinks/models`.
 *
 * @module
 */

export { catalogue, connectorNames } from './catalogue.ts'
export { readSinksConfig, type SinksSettings, sinksConfig } from './config.ts'
export { createSinks, type Sinks, type SinksOptions } from './sinks.ts'
