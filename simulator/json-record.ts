/**
 * JSON of the API, of which a phone takes what it understands.
 *
 * @module
 */

/** The fields of an object; none of anything else. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
