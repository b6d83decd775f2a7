/**
 * @module Variables of `make crash`.
 */
import { type ConfigValues, defineConfig, type Environment } from '../../core/index.ts'

export const crashConfig = defineConfig({
  CRASH_CASES: {
    type: 'string',
    default: null,
    doc: 'Runs only the cases whose name this regular expression finds.'
  },
  CRASH_SEED: {
    type: 'int',
    default: null,
    min: 0,
    doc: 'Seed of the inputs and of which hit is the nth; printed at the end of each run. Random when unset.'
  },
  CRASH_LANES: { type: 'int', default: 3, min: 1, max: 16, doc: 'Cases that run at a time.' }
})

/** @throws ConfigError naming each bad variable. */
export function readCrashConfig(
  environment: Environment = process.env
): ConfigValues<typeof crashConfig.definitions> {
  return crashConfig.load(environment)
}
