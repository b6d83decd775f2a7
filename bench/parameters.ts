/**
 * @module The sizes of a bench, each with a small value for a smoke run and a full one. What was
 * chosen is part of the result, so that a figure never stands without its size.
 */

/** Makes and remembers parameters. */
export interface Parameters {
  /** The small or the full value, unless the environment gave one. */
  parameter(name: string, sizes: ParameterSizes): number
  /** Everything chosen so far, by name. */
  readonly chosen: Readonly<Record<string, number>>
}

export interface ParameterSizes {
  readonly smoke: number
  readonly full: number
  readonly given?: number | null
}

export function createParameters({ isSmoke }: { readonly isSmoke: boolean }): Parameters {
  const chosen: Record<string, number> = {}
  return {
    chosen,
    parameter(name, { smoke, full, given }) {
      const value = given ?? (isSmoke ? smoke : full)
      chosen[name] = value
      return value
    }
  }
}
