/**
 * @module Rounding of money. Amounts are whole minor units (cents) in plain numbers, which are
 * exact up to 2^53; a fraction appears only while one line is being computed and is rounded half
 * up exactly once, from integers, so that no binary fraction ever decides a cent.
 */

/**
 * Rounds to the nearest integer, halves towards positive infinity: 2.5 -> 3, -2.5 -> -2.
 * For a quotient of integers use {@link divideHalfUp}, which has no representation error.
 */
export function roundHalfUp(value: number): number {
  const floor = Math.floor(value)
  return value - floor >= 0.5 ? floor + 1 : floor
}

/**
 * `numerator / denominator` rounded half up, exactly.
 * Worked example: 35 cents a minute for 90 s is `divideHalfUp(35 * 90, 60)` = 52.5 -> 53.
 * @throws RangeError when an argument is no safe integer or the denominator is not positive
 */
export function divideHalfUp(numerator: number, denominator: number): number {
  if (!Number.isSafeInteger(numerator) || !Number.isSafeInteger(denominator) || denominator <= 0) {
    throw new RangeError(`expected safe integers to divide, got ${numerator} / ${denominator}`)
  }
  const remainder = ((numerator % denominator) + denominator) % denominator
  const floor = (numerator - remainder) / denominator
  return remainder * 2 >= denominator ? floor + 1 : floor
}
