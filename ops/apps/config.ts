/**
 * @module The environment that the application's processes inherit.
 */

/** Everything this process was given; the specs' own variables go before it. */
export function inheritedVariables(): Readonly<Record<string, string | undefined>> {
  return process.env
}
