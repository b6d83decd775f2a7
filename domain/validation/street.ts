/**
 * @module Street lines: free text, since addresses have no common form, but printable and short.
 */

const streetPattern = /^(?=.*[\p{L}\p{N}])[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u

/** `street_malformed`, or null for 1..100 printable characters with a letter or digit. */
export function streetProblem(street: string): string | null {
  return street.length <= 200 && street.trim() === street && streetPattern.test(street)
    ? null
    : 'street_malformed'
}
