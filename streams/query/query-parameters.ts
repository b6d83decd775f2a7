/**
 * @module Parameters of a query string, read strictly: what is not understood is refused with a
 * `RangeError` that says what was expected.
 */

type Texts<N extends string> = { readonly [K in N]?: string }
type Integers<N extends string> = { readonly [K in N]?: number }

/** Reads one query string. An empty parameter counts as absent. */
export class QueryParameters {
  readonly #query: URLSearchParams

  constructor(query: URLSearchParams) {
    this.#query = query
  }

  /** The named texts that are there. */
  texts<N extends string>(...names: readonly N[]): Texts<N> {
    const found = names.map((name) => [name, this.#text(name)] as const)
    return Object.fromEntries(found.filter(([, text]) => text !== null)) as Texts<N>
  }

  /** The named integers that are there, each from 0 to `max`. */
  integers<N extends string>(max: number, ...names: readonly N[]): Integers<N> {
    const found = names.map((name) => [name, this.#integer(name, max)] as const)
    return Object.fromEntries(found.filter(([, value]) => value !== null)) as Integers<N>
  }

  /** An integer from 0 to `max` that has to be there. */
  required(name: string, max: number): number {
    const value = this.#integer(name, max)
    if (value === null) throw new RangeError(`expected ${name}, an integer from 0 to ${max}`)
    return value
  }

  /** A changelog position; null when absent. */
  position(name: string): bigint | null {
    const text = this.#text(name)
    if (text === null) return null
    if (!/^\d{1,19}$/.test(text)) throw new RangeError(`expected ${name}, an offset of digits`)
    return BigInt(text)
  }

  /** True for `1` and `true`. */
  flag(name: string): boolean {
    const text = this.#text(name)
    if (text === null || text === '0' || text === 'false') return false
    if (text === '1' || text === 'true') return true
    throw new RangeError(`expected ${name}, 1 or 0`)
  }

  #text(name: string): string | null {
    return this.#query.get(name) || null
  }

  #integer(name: string, max: number): number | null {
    const text = this.#text(name)
    if (text === null) return null
    const value = Number(text)
    if (!/^\d{1,16}$/.test(text) || value > max) {
      throw new RangeError(`expected ${name}, an integer from 0 to ${max}`)
    }
    return value
  }
}
