/**
 * What a configuration variable can be, and the type its value has once read.
 *
 * @module
 */

type Common = {
  /** One sentence for docs/configuration.md. */
  readonly doc: string
  /** Never echoed in messages or documents. */
  readonly secret?: boolean
  /** What one unit of the value is, such as `partitions`; durations and sizes have their own. */
  readonly unit?: string
}

/**
 * `default` null makes a variable optional: its value is then null when unset. Without a default
 * it is required. `developmentDefault` goes before `default` outside production; in production a
 * secret that equals it is refused. `productionValue` is the only value production accepts.
 */
type WithDefaults<T> = Common & {
  readonly default?: T | null
  readonly developmentDefault?: T
  readonly productionValue?: T
}

type Range = { readonly min?: number; readonly max?: number }

/** One variable. `list` is comma separated; `duration-ms` and `bytes` accept suffixes. */
export type VariableDefinition =
  | (WithDefaults<string> & { readonly type: 'string'; readonly minLength?: number })
  | (WithDefaults<string> & { readonly type: 'url'; readonly protocols?: readonly string[] })
  | (WithDefaults<string> & { readonly type: 'enum'; readonly values: readonly string[] })
  | (WithDefaults<string> & { readonly type: 'list' })
  | (WithDefaults<boolean> & { readonly type: 'bool' })
  | (WithDefaults<number> & Range & { readonly type: 'int' })
  | (WithDefaults<number> & Range & { readonly type: 'number' })
  | (WithDefaults<number> & Range & { readonly type: 'duration-ms' })
  | (WithDefaults<number> & Range & { readonly type: 'bytes' })

/** Variables by their name in the environment. */
export type ConfigDefinitions = Readonly<Record<string, VariableDefinition>>

type BaseValue<D extends VariableDefinition> = D extends { type: 'enum'; values: infer V }
  ? V extends readonly (infer T)[]
    ? T
    : never
  : D extends { type: 'list' }
    ? readonly string[]
    : D extends { type: 'bool' }
      ? boolean
      : D extends { type: 'string' | 'url' }
        ? string
        : number

/** The value a definition yields: null only where `default` is null. */
export type ValueOf<D extends VariableDefinition> = D extends { default: null }
  ? BaseValue<D> | null
  : BaseValue<D>

/** The values of a set of definitions. */
export type ConfigValues<D extends ConfigDefinitions> = {
  readonly [K in keyof D]: ValueOf<D[K]>
}
