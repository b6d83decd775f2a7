/**
 * @module Names of people and cities: letters of any script with their marks, and what stands
 * between them. Real names have apostrophes, hyphens, dots and commas ("Martin Luther King, Jr.").
 */

const namePattern = /^\p{L}(?:[\p{L}\p{M} '\u2019.,-]*[\p{L}\p{M}.])?$/u
/** Characters as a reader counts them, code points. */
const lengthMax = 60

/** `<field>_malformed`, or null for a name of 1..60 characters that starts with a letter. */
export function nameProblem(name: string, field: string): string | null {
  // Twice the limit in UTF-16 units bounds the work on hostile input before it is counted.
  const isShort = name.length <= 2 * lengthMax && Array.from(name).length <= lengthMax
  return isShort && namePattern.test(name) ? null : `${field}_malformed`
}
