/**
 * @module Which guarantee `make test-teeth` has switched off for this run, if any.
 */

/** Guarantees that can be switched off, to show that their tests notice. */
export const switches = [
  'no-ack-before-202',
  'apply-before-commit',
  'no-s3',
  'no-s4',
  'no-s7',
  'no-replay'
] as const

export type Switch = (typeof switches)[number]

/** True when this run is to break the guarantee. */
export function isSwitchedOff(name: Switch): boolean {
  return process.env['TEETH'] === name
}
