/**
 * @module Validation rules, one file each. A rule returns a problem code or null, never throws on
 * data and never repeats the value, which may be personal.
 */

export { calendarDay, isCalendarDay } from './calendar-day.ts'
export { emailProblem } from './email.ts'
export { licenceProblems } from './licence.ts'
export { nameProblem } from './name.ts'
export { phoneProblem } from './phone.ts'
export { pointProblem } from './point.ts'
export { ratingProblem } from './rating.ts'
export { type SignupFields, type SignupFindings, validateSignup } from './signup.ts'
export { ssnProblem } from './ssn.ts'
export { stateProblem, states } from './state.ts'
export { streetProblem } from './street.ts'
export { normalizePlate, vehicleProblems, vehicleYearMin } from './vehicle.ts'
export { stateOfZip, zipProblem, zipWarning } from './zip.ts'
