/**
 * Typed configuration from the environment. A process reads it once at start; anything missing or
 * wrong stops the start with a `ConfigError` that names every bad variable.
 *
 * @module
 */

import { ConfigError, type ConfigProblem } from './config-error.ts'
import type { ConfigDefinitions, ConfigValues, VariableDefinition } from './definitions.ts'
import { parseVariable } from './parse.ts'

/** The environment, as `process.env` is. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A set of variables that can be read and described. */
export type Config<D extends ConfigDefinitions> = {
  readonly definitions: D
  /** Reads all variables. Throws `ConfigError` (fatal) naming each bad one. */
  load(environment: Environment): ConfigValues<D>
}

type Read = { readonly value: unknown } | { readonly problem: ConfigProblem }

const NAME = /^[A-Z][A-Z0-9_]*$/

/**
 * Defines variables by their names in the environment.
 *
 * @example
 * const config = defineConfig({
 *   INGRESS_PORT: { type: 'int', default: 8080, min: 0, max: 65_535, doc: 'HTTP port.' }
 * })
 * config.load({ INGRESS_PORT: '9000' }) // { INGRESS_PORT: 9000 }
 */
export function defineConfig<const D extends ConfigDefinitions>(definitions: D): Config<D> {
  const wrong = Object.keys(definitions).filter((name) => !NAME.test(name))
  if (wrong.length > 0) {
    const expected = 'a name of capitals, digits and underscores'
    throw new ConfigError(wrong.map((name) => ({ variable: name, expected, got: `'${name}'` })))
  }
  return { definitions, load: (environment) => loadAll(definitions, environment) }
}

function loadAll<D extends ConfigDefinitions>(
  definitions: D,
  environment: Environment
): ConfigValues<D> {
  const isProduction = environment['NODE_ENV'] === 'production'
  const problems: ConfigProblem[] = []
  const values: Record<string, unknown> = {}
  for (const [variable, definition] of Object.entries(definitions)) {
    // An empty variable counts as unset: compose files and manifests write unset ones so.
    const text = environment[variable]?.trim()
    const read =
      text === undefined || text === ''
        ? readDefault(variable, definition, isProduction)
        : readText(variable, definition, { text, isProduction })
    if ('problem' in read) problems.push(read.problem)
    else values[variable] = read.value
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return values as ConfigValues<D>
}

function readDefault(
  variable: string,
  definition: VariableDefinition,
  isProduction: boolean
): Read {
  const { default: fallback, developmentDefault } = definition
  const chosen = isProduction ? fallback : (developmentDefault ?? fallback)
  if (chosen === undefined) {
    const expected = isProduction ? 'a value, as production has no default' : 'a value'
    return { problem: { variable, expected, got: 'nothing' } }
  }
  if (typeof chosen === 'string' && definition.type === 'list') {
    return { value: chosen.split(',') }
  }
  return { value: chosen }
}

function readText(
  variable: string,
  definition: VariableDefinition,
  input: { readonly text: string; readonly isProduction: boolean }
): Read {
  const { text, isProduction } = input
  const got = definition.secret === true ? 'a value kept secret' : `'${text.slice(0, 200)}'`
  const parsed = parseVariable(definition, text)
  if (!parsed.ok) return { problem: { variable, expected: parsed.expected, got } }
  if (!isProduction) return { value: parsed.value }
  const { productionValue, developmentDefault, secret } = definition
  if (productionValue !== undefined && parsed.value !== productionValue) {
    return { problem: { variable, expected: `${productionValue} in production`, got } }
  }
  if (secret === true && text === developmentDefault) {
    const expected = 'a secret of its own in production'
    return { problem: { variable, expected, got: 'the development secret' } }
  }
  return { value: parsed.value }
}
