/**
 * @module United States postal abbreviations: states, the District of Columbia, territories and
 * the three military "states".
 */

/** Every two-letter abbreviation accepted, upper case. */
export const states: readonly string[] = (
  'AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM ' +
  'NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC PR VI GU AS MP AA AE AP'
).split(' ')

const known = new Set(states)

/** `<field>_unknown`, or null. */
export function stateProblem(state: string, field = 'state'): string | null {
  return known.has(state) ? null : `${field}_unknown`
}
