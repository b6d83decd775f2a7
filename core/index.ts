/**
 * What every part of the project shares. Kafka and Redis have their own doors, core/kafka and
 * core/redis, so that whoever needs neither loads neither.
 *
 * @module
 */

export {
  type Clock,
  createFakeClock,
  createSeededRandom,
  type FakeClock,
  type SeededRandom,
  systemClock,
  type TimerHandle
} from './clock/index.ts'
export {
  type Config,
  type ConfigDefinitions,
  ConfigError,
  type ConfigProblem,
  type ConfigSection,
  type ConfigValues,
  defineConfig,
  describeConfig,
  type Environment,
  requireOutboundUrl,
  type VariableDefinition
} from './config/index.ts'
export {
  type KafkaSasl,
  type KafkaTls,
  readSharedConfig,
  type Secrets,
  type SharedConfig,
  secretConfig,
  sharedConfig
} from './config.ts'
export { DeadLetterBreaker, type DeadLetterLimits } from './dead-letter-breaker.ts'
export {
  assertThat,
  type CodeFor,
  CorruptError,
  describeForeignError,
  type ErrorCode,
  type ErrorEntry,
  errors,
  FatalError,
  HailError,
  type HailErrorOptions,
  isHailError,
  MigrateError,
  type Reaction,
  RetryError,
  SkipToDlqError,
  toHailError
} from './errors.ts'
export {
  createLifecycle,
  EXIT_SOFTWARE,
  type Lifecycle,
  type LifecycleOptions,
  type LifecyclePart,
  type ProcessPort
} from './lifecycle.ts'
export { isLoggable } from './log-fields.ts'
export {
  createLogger,
  type LogDestination,
  type LogFields,
  type Logger,
  type LoggerOptions,
  type LogLevel,
  silentLogger
} from './logger.ts'
export { loadMarkets } from './markets-file.ts'
export {
  type Counter,
  createMetrics,
  type Gauge,
  type GaugeOptions,
  type Histogram,
  type Labels,
  type MetricOptions,
  type Metrics
} from './metrics.ts'
export {
  dumpMetrics,
  growingMetrics,
  type MetricsDump,
  renderMetrics,
  sumMetrics
} from './metrics-dump.ts'
export {
  type Check,
  type CheckResult,
  createOpsServer,
  type OpsReply,
  type OpsRequest,
  type OpsRoute,
  type OpsServer,
  type OpsServerOptions
} from './ops-server.ts'
export {
  decryptField,
  encryptField,
  type FieldPlace,
  type Fingerprint,
  fingerprintField,
  fingerprintsOfField,
  isStaleCiphertext,
  type Keyring,
  type PiiKey,
  parseKeyring
} from './pii/index.ts'
