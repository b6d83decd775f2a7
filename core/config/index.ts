/**
 * Typed configuration from the environment.
 *
 * @module
 */

export { ConfigError, type ConfigProblem } from './config-error.ts'
export { type Config, defineConfig, type Environment } from './define-config.ts'
export type { ConfigDefinitions, ConfigValues, VariableDefinition } from './definitions.ts'
export { type ConfigSection, describeConfig } from './describe-config.ts'
export { requireOutboundUrl } from './outbound-url.ts'
