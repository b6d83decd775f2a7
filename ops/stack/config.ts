/**
 * Every setting of the stack tooling, read from the environment once. No other file of ops/stack
 * reads `process.env`.
 *
 * @module
 */
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StackError } from './errors.ts'

/** How the backing services are had; `auto` decides by what is there. */
export type StackChoice = 'external' | 'compose' | 'local' | 'auto'

/** Addresses taken from the environment; a name is absent when its variable is empty or unset. */
export type GivenAddresses = {
  kafka?: string
  registry?: string
  redis?: string
  mongo?: string
}

/** The ports that a stack asks for first. */
export type PreferredPorts = {
  kafka: number
  kafkaController: number
  registry: number
  redis: number
  mongo: number
  postgres: number
}

/** All settings, typed and checked. */
export type StackConfig = {
  /** `STACK`: external, compose, local or auto. Default auto. */
  choice: StackChoice
  /** `STACK_NAME`: scopes ports, data, logs and pids. Default dev. */
  name: string
  /** `LOCAL_DIR`: absolute path of the git-ignored folder. Default `.local` in the repository. */
  localDir: string
  /** Absolute path of the repository, where docker-compose.yml lies. */
  repositoryDir: string
  /** `KAFKA_BROKERS`, `SCHEMA_REGISTRY_URL`, `REDIS_URL`, `MONGO_URL`. Default none. */
  given: GivenAddresses
  /**
   * `KAFKA_PORT` 9092, `KAFKA_CONTROLLER_PORT` 9093, `REGISTRY_PORT` 8081, `REDIS_PORT` 6379,
   * `MONGO_PORT` 27017, `POSTGRES_PORT` 5433: the first ports tried. A stack that is not `dev`
   * starts 100 higher, so that it never sits on the ports that `dev` wants after a restart.
   */
  ports: PreferredPorts
  /** `KAFKA_HEAP_MB`, MiB. Default 512. */
  kafkaHeapMb: number
  /** `REGISTRY_HEAP_MB`, MiB. Default 192: the registry holds a few dozen schemas. */
  registryHeapMb: number
  /** `STACK_START_TIMEOUT_MS`: longest wait for one server to answer, ms. Default 90 000. */
  startTimeoutMs: number
  /** `STACK_STOP_TIMEOUT_MS`: wait after the polite signal before SIGKILL, ms. Default 20 000. */
  stopTimeoutMs: number
  /** `STACK_PULL_TIMEOUT_MS`: longest wait for container images, ms. Default 600 000. */
  pullTimeoutMs: number
  /** `STACK_STOP_AFTER_TESTS`: 1 stops the test stack after a run. Default: 1 when `CI` is true. */
  stopsAfterTests: boolean
  /** `STACK_DEBIAN_MIRROR`: mirror for PostgreSQL's root. Default: the one apt uses here. */
  debianMirror: string | undefined
  /** `JAVA_HOME`: whose bin/java runs Kafka and the registry. Default: `java` of the PATH. */
  javaHome: string | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

const REPOSITORY_DIR = fileURLToPath(new URL('../../', import.meta.url))
const CHOICES: readonly StackChoice[] = ['external', 'compose', 'local', 'auto']
const OTHER_STACK_PORT_SHIFT = 100

/**
 * Reads and checks the settings.
 *
 * @throws StackError HAIL_STACK_CONFIG naming the variable, what was expected and what was got
 */
export function readConfig(environment: Environment = process.env): StackConfig {
  const name = nameOf(environment)
  return {
    choice: choiceOf(environment),
    name,
    localDir: resolve(REPOSITORY_DIR, textOf(environment, 'LOCAL_DIR') ?? '.local'),
    repositoryDir: resolve(REPOSITORY_DIR),
    given: givenAddresses(environment),
    ports: preferredPorts(environment, name === 'dev' ? 0 : OTHER_STACK_PORT_SHIFT),
    kafkaHeapMb: numberOf(environment, 'KAFKA_HEAP_MB', { fallback: 512, min: 128, max: 65_536 }),
    registryHeapMb: numberOf(environment, 'REGISTRY_HEAP_MB', {
      fallback: 192,
      min: 96,
      max: 65_536
    }),
    startTimeoutMs: durationOf(environment, 'STACK_START_TIMEOUT_MS', 90_000),
    stopTimeoutMs: durationOf(environment, 'STACK_STOP_TIMEOUT_MS', 20_000),
    pullTimeoutMs: durationOf(environment, 'STACK_PULL_TIMEOUT_MS', 600_000),
    stopsAfterTests: stopsAfterTests(environment),
    debianMirror: textOf(environment, 'STACK_DEBIAN_MIRROR'),
    javaHome: textOf(environment, 'JAVA_HOME')
  }
}

/**
 * The settings of the stack that tests use: the same, but for its name, which is `TEST_STACK_NAME`
 * (default test), so that tests never write into a developer's stack.
 *
 * @throws StackError HAIL_STACK_CONFIG as readConfig does
 */
export function readTestConfig(environment: Environment = process.env): StackConfig {
  return readConfig({ ...environment, STACK_NAME: environment['TEST_STACK_NAME'] ?? 'test' })
}

/** The environment that child processes inherit. */
export function inheritedEnvironment(): Record<string, string | undefined> {
  return { ...process.env }
}

function textOf(environment: Environment, variable: string): string | undefined {
  const text = environment[variable]?.trim()
  return text === undefined || text === '' ? undefined : text
}

function choiceOf(environment: Environment): StackChoice {
  const text = textOf(environment, 'STACK') ?? 'auto'
  const choice = CHOICES.find((candidate) => candidate === text)
  if (choice === undefined) {
    throw badVariable('STACK', `one of ${CHOICES.join(', ')}`, text)
  }
  return choice
}

function nameOf(environment: Environment): string {
  const name = textOf(environment, 'STACK_NAME') ?? 'dev'
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name)) {
    throw badVariable('STACK_NAME', 'a short lower-case name such as dev or test', name)
  }
  return name
}

function givenAddresses(environment: Environment): GivenAddresses {
  const kafka = textOf(environment, 'KAFKA_BROKERS')
  const registry = textOf(environment, 'SCHEMA_REGISTRY_URL')
  const redis = textOf(environment, 'REDIS_URL')
  const mongo = textOf(environment, 'MONGO_URL')
  return {
    ...(kafka === undefined ? {} : { kafka }),
    ...(registry === undefined ? {} : { registry }),
    ...(redis === undefined ? {} : { redis }),
    ...(mongo === undefined ? {} : { mongo })
  }
}

function preferredPorts(environment: Environment, shift: number): PreferredPorts {
  const port = (variable: string, usual: number) =>
    numberOf(environment, variable, { fallback: usual + shift, min: 1, max: 65_535 })
  return {
    kafka: port('KAFKA_PORT', 9092),
    kafkaController: port('KAFKA_CONTROLLER_PORT', 9093),
    registry: port('REGISTRY_PORT', 8081),
    redis: port('REDIS_PORT', 6379),
    mongo: port('MONGO_PORT', 27_017),
    postgres: port('POSTGRES_PORT', 5433)
  }
}

function stopsAfterTests(environment: Environment): boolean {
  const text = textOf(environment, 'STACK_STOP_AFTER_TESTS')
  if (text === undefined) {
    return textOf(environment, 'CI') === 'true'
  }
  if (text !== '0' && text !== '1') {
    throw badVariable('STACK_STOP_AFTER_TESTS', '0 or 1', text)
  }
  return text === '1'
}

function durationOf(environment: Environment, variable: string, fallback: number): number {
  return numberOf(environment, variable, { fallback, min: 100, max: 3_600_000 })
}

function numberOf(
  environment: Environment,
  variable: string,
  limits: { fallback: number; min: number; max: number }
): number {
  const text = textOf(environment, variable)
  if (text === undefined) {
    return limits.fallback
  }
  const value = Number(text)
  if (!Number.isInteger(value) || value < limits.min || value > limits.max) {
    throw badVariable(variable, `a whole number from ${limits.min} to ${limits.max}`, text)
  }
  return value
}

function badVariable(variable: string, expected: string, got: string): StackError {
  return new StackError('HAIL_STACK_CONFIG', `${variable} must be ${expected}, but is "${got}"`)
}
