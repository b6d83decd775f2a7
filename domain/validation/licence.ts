/**
 * @module Driving licences. Each state numbers them its own way and changes it now and then, so
 * the number is checked against what all have in common: 4..20 letters and digits, at least one
 * digit, with single separators.
 */

import type { Licence } from '../records.ts'
import { isCalendarDay } from './calendar-day.ts'
import { stateProblem } from './state.ts'

const numberPattern = /^(?=.*\d)[A-Z0-9](?:[ *-]?[A-Z0-9*]){3,19}$/

/** Problem codes of a licence; `today` is `YYYY-MM-DD`, and a licence is void on its last day. */
export function licenceProblems(licence: Licence, { today }: { today: string }): string[] {
  const problems: string[] = []
  if (!numberPattern.test(licence.number)) problems.push('licence_number_malformed')
  const state = stateProblem(licence.state, 'licence_state')
  if (state !== null) problems.push(state)
  if (!isCalendarDay(licence.expiresOn)) problems.push('licence_expiry_malformed')
  else if (licence.expiresOn <= today) problems.push('licence_expired')
  return problems
}
