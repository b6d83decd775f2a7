/**
 * @module The variables of the backing services, for the page of configuration. ops/stack/config.ts
 * reads them by itself, with defaults that depend on the stack; a test keeps the two lists alike.
 */
import type { ConfigDefinitions } from '../../core/index.ts'

const port = (usual: number, what: string) =>
  ({
    type: 'int',
    default: usual,
    min: 1,
    max: 65_535,
    doc: `First port tried for ${what}; a stack that is not \`dev\` starts 100 higher.`
  }) as const

/** What ops/stack/config.ts reads besides the addresses of the shared section. */
export const stackVariables: ConfigDefinitions = {
  STACK: {
    type: 'enum',
    values: ['auto', 'local', 'compose', 'external'],
    default: 'auto',
    doc: 'How the backing services are had: processes, containers, or given addresses.'
  },
  STACK_NAME: {
    type: 'string',
    default: 'dev',
    doc: 'Scopes ports, data, logs and process ids, so that stacks live side by side.'
  },
  TEST_STACK_NAME: { type: 'string', default: 'test', doc: 'Name of the stack that tests use.' },
  LOCAL_DIR: {
    type: 'string',
    default: '.local',
    doc: 'Folder of installed programs, data and logs; not under version control.'
  },
  KAFKA_PORT: port(9092, 'Kafka'),
  KAFKA_CONTROLLER_PORT: port(9093, "Kafka's controller"),
  REGISTRY_PORT: port(8081, 'the schema registry'),
  REDIS_PORT: port(6379, 'Redis'),
  MONGO_PORT: port(27_017, 'the MongoDB protocol'),
  POSTGRES_PORT: port(5433, 'PostgreSQL behind it'),
  KAFKA_HEAP_MB: {
    type: 'int',
    default: 512,
    min: 128,
    max: 65_536,
    unit: 'MiB',
    doc: 'Heap of Kafka.'
  },
  REGISTRY_HEAP_MB: {
    type: 'int',
    default: 192,
    min: 96,
    max: 65_536,
    unit: 'MiB',
    doc: 'Heap of the schema registry.'
  },
  STACK_START_TIMEOUT_MS: {
    type: 'int',
    default: 90_000,
    min: 100,
    max: 3_600_000,
    unit: 'ms',
    doc: 'Longest wait for one server to answer.'
  },
  STACK_STOP_TIMEOUT_MS: {
    type: 'int',
    default: 20_000,
    min: 100,
    max: 3_600_000,
    unit: 'ms',
    doc: 'Wait after the polite signal before the process is killed.'
  },
  STACK_PULL_TIMEOUT_MS: {
    type: 'int',
    default: 600_000,
    min: 100,
    max: 3_600_000,
    unit: 'ms',
    doc: 'Longest wait for container images.'
  },
  STACK_STOP_AFTER_TESTS: {
    type: 'enum',
    values: ['0', '1'],
    default: null,
    doc: 'Whether a test run stops its stack; when unset, it does so where `CI` is `true`.'
  },
  STACK_DEBIAN_MIRROR: {
    type: 'string',
    default: null,
    doc: "Mirror for PostgreSQL's root folder; when unset, the one apt uses here."
  },
  JAVA_HOME: {
    type: 'string',
    default: null,
    doc: 'Whose `bin/java` runs Kafka and the registry; when unset, that of the `PATH`.'
  }
}
