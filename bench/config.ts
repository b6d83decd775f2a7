/**
 * @module The settings of the benches, read from the environment once.
 */
import { fileURLToPath } from 'node:url'
import { type ConfigValues, defineConfig, type Environment } from '../core/index.ts'
import { readConfig, type StackConfig } from '../ops/stack/index.ts'

/** Variables of the benches; an empty one counts as unset. */
export const benchConfig = defineConfig({
  BENCH_SMOKE: {
    type: 'bool',
    default: false,
    doc: 'Small parameters: shows that a bench works, not how fast anything is.'
  },
  BENCH_SEED: {
    type: 'int',
    default: 1,
    min: 0,
    max: 1_000_000,
    doc: 'Seed of all chance in a bench.'
  },
  BENCH_ONLY: {
    type: 'list',
    default: 'all',
    doc: 'Scenarios of a bench to run, separated by commas, such as windowedCount,latency.'
  },
  BENCH_PAIRS: {
    type: 'int',
    default: null,
    min: 1,
    max: 20,
    unit: 'pairs',
    doc: 'Interleaved pairs of runs (ours, theirs) for each comparison.'
  },
  BENCH_RECORDS: {
    type: 'int',
    default: null,
    min: 1_000,
    max: 100_000_000,
    unit: 'records',
    doc: 'Records of each comparison.'
  }
})

/** Values of the variables. */
export type BenchSettings = ConfigValues<typeof benchConfig.definitions>

/** Reads the settings. Throws `ConfigError` naming each bad variable. */
export function readBenchConfig(environment: Environment = process.env): BenchSettings {
  return benchConfig.load(environment)
}

/** The benches have a stack of their own name unless `STACK_NAME` says otherwise. */
export function benchStackConfig(environment: Environment = process.env): StackConfig {
  const isNamed = (environment['STACK_NAME'] ?? '') !== ''
  return readConfig(isNamed ? environment : { ...environment, STACK_NAME: 'bench' })
}

/** The environment that children of a bench inherit. */
export function childEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env
}

/** The repository, with a slash at its end. */
export const repositoryDir = fileURLToPath(new URL('../', import.meta.url))
