/**
 * Where the four backing services are, and how that is told to child processes.
 *
 * @module
 */
import type { GivenAddresses } from './config.ts'
import type { StackPorts } from './ports.ts'

/** The way the backing services are had. */
export type StackMode = 'external' | 'compose' | 'local'

/** Addresses of a whole stack. */
export type StackAddresses = {
  /** `host:port`, several separated by commas. */
  kafka: string
  /** Base URL of the Confluent-compatible API, such as `http://127.0.0.1:8081/apis/ccompat/v7`. */
  registry: string
  /** `redis://host:port/0` */
  redis: string
  /** `mongodb://host:port/` */
  mongo: string
  mode: StackMode
}

const HOST = '127.0.0.1'

/** The variables that `resolveStack` and every service's config read. */
export function stackEnvironment(addresses: StackAddresses): Record<string, string> {
  return {
    KAFKA_BROKERS: addresses.kafka,
    SCHEMA_REGISTRY_URL: addresses.registry,
    REDIS_URL: addresses.redis,
    MONGO_URL: addresses.mongo
  }
}

/** The addresses of a stack on this machine. */
export function addressesAt(ports: StackPorts, mode: 'compose' | 'local'): StackAddresses {
  return {
    kafka: `${HOST}:${ports.kafka}`,
    registry: `http://${HOST}:${ports.registry}/apis/ccompat/v7`,
    redis: `redis://${HOST}:${ports.redis}/0`,
    mongo: `mongodb://${HOST}:${ports.mongo}/`,
    mode
  }
}

/** The addresses given in the environment, or undefined unless all four are there. */
export function externalAddresses(given: GivenAddresses): StackAddresses | undefined {
  const { kafka, registry, redis, mongo } = given
  if (!kafka || !registry || !redis || !mongo) {
    return undefined
  }
  return { kafka, registry: registry.replace(/\/+$/, ''), redis, mongo, mode: 'external' }
}

/** The variables that are missing for an external stack. */
export function missingAddresses(given: GivenAddresses): string[] {
  const variables = {
    KAFKA_BROKERS: given.kafka,
    SCHEMA_REGISTRY_URL: given.registry,
    REDIS_URL: given.redis,
    MONGO_URL: given.mongo
  }
  return Object.entries(variables).flatMap(([name, value]) => (value ? [] : [name]))
}
