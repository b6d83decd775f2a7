/**
 * @module The rules of a sign-up together. The edge runs them to refuse early and the sign-up
 * service runs them again on what it reads; the SSN is encrypted by then, so the service passes
 * the finding of the edge instead of the number.
 */

import type { Licence, Role, Vehicle } from '../records.ts'
import { emailProblem } from './email.ts'
import { licenceProblems } from './licence.ts'
import { nameProblem } from './name.ts'
import { phoneProblem } from './phone.ts'
import { ssnProblem } from './ssn.ts'
import { stateProblem } from './state.ts'
import { streetProblem } from './street.ts'
import { vehicleProblems } from './vehicle.ts'
import { zipProblem, zipWarning } from './zip.ts'

/** What a sign-up says. */
export type SignupFields = {
  role: Role
  firstName: string
  lastName: string
  email: string
  phone: string
  street: string
  city: string
  state: string
  zip: string
  /** The number in clear, where it is at hand. */
  ssn?: string
  /** What was found on the number before it was encrypted. */
  ssnProblem?: string | null
  /** Drivers only; ignored for customers. */
  vehicle?: Vehicle | null
  /** Drivers only; ignored for customers. */
  licence?: Licence | null
}

/** Problems refuse a sign-up, warnings (all start with `warn:`) do not. Empty means fine. */
export type SignupFindings = { problems: string[]; warnings: string[] }

/** All findings on a sign-up as codes; `today` is `YYYY-MM-DD`. Codes never quote a value. */
export function validateSignup(fields: SignupFields, { today }: { today: string }): SignupFindings {
  const found = [
    fields.role === 'ADMIN' ? 'role_unsupported' : null,
    nameProblem(fields.firstName, 'first_name'),
    nameProblem(fields.lastName, 'last_name'),
    emailProblem(fields.email),
    phoneProblem(fields.phone),
    streetProblem(fields.street),
    nameProblem(fields.city, 'city'),
    stateProblem(fields.state),
    zipProblem(fields.zip),
    fields.ssn === undefined ? null : ssnProblem(fields.ssn),
    fields.ssnProblem ?? null,
    ...(fields.role === 'DRIVER' ? driverProblems(fields, today) : [])
  ]
  const problems = [...new Set(found.filter((code) => code !== null))]
  const hasPlace = stateProblem(fields.state) === null && zipProblem(fields.zip) === null
  const warning = hasPlace ? zipWarning(fields.zip, fields.state) : null
  return { problems, warnings: warning === null ? [] : [warning] }
}

function driverProblems({ vehicle, licence }: SignupFields, today: string): string[] {
  const yearMax = Number(today.slice(0, 4)) + 1
  return [
    ...(vehicle ? vehicleProblems(vehicle, { yearMax }) : ['vehicle_missing']),
    ...(licence ? licenceProblems(licence, { today }) : ['licence_missing'])
  ]
}
