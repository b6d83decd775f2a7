/**
 * Sign-ups, by the app and by administrators. The edge brings the text into one form, encrypts the
 * social security number and derives the keys by which duplicates are found; whether the sign-up is
 * good is judged by the sign-up service, and its reasons appear under the sign-up. The one finding
 * only the edge can make, on the number in clear, travels along.
 *
 * @module
 */
import { createHmac } from 'node:crypto'
import Type from 'typebox'
import type { SignupRequest } from '../../avro/index.ts'
import { encryptField, fingerprintsOfField } from '../../core/index.ts'
import { normalizeEmail, normalizePlate, normalizeSsn, ssnProblem } from '../../domain/index.ts'
import {
  closed,
  type Exchange,
  example,
  examplePapers,
  examplePerson,
  type Reply,
  type ResponseDoc,
  routeDefiner,
  text,
  writeProblems
} from '../http/index.ts'
import { accepted, requireKey } from './acceptance.ts'
import { refuseReusedKey, rememberBody } from './key-reuse.ts'
import type { WriteServices } from './services.ts'

const defineRoute = routeDefiner<WriteServices>()

const fields = {
  firstName: text(120, 'First name'),
  lastName: text(120, 'Last name'),
  email: text(254, 'E-mail address'),
  phone: text(32, 'Phone number, E.164'),
  street: text(200, 'Street and number'),
  city: text(120, 'City'),
  state: text(16, 'State, two letters'),
  zip: text(16, 'ZIP code'),
  ssn: text(32, 'Social security number; encrypted before it is stored anywhere'),
  vehicle: Type.Optional(
    closed({
      make: text(80, 'Make'),
      model: text(80, 'Model'),
      year: Type.Integer({ minimum: 0, maximum: 9_999, description: 'Model year' }),
      color: text(60, 'Colour'),
      plate: text(20, 'Licence plate')
    })
  ),
  licence: Type.Optional(
    closed({
      number: text(40, 'Number'),
      state: text(16, 'State of issue, two letters'),
      expiresOn: text(10, 'YYYY-MM-DD')
    })
  )
}
const person = closed(fields)
type Person = Type.Static<typeof person>
type SignupRole = 'CUSTOMER' | 'DRIVER'

const responses: Readonly<Record<number, ResponseDoc>> = {
  202: {
    description: 'Accepted; the outcome will appear under the location',
    schema: closed(
      {
        signupId: Type.String({ description: 'The outcome is at /signups/{signupId}' }),
        userId: Type.String({ description: 'The id the user will have once active' }),
        status: Type.Literal('pending')
      },
      { title: 'AcceptedSignup' }
    ),
    example: { signupId: example.signupId, userId: example.customerId, status: 'pending' },
    headers: ['location']
  }
}
const problems = ['idempotency_key_reused', ...writeProblems] as const

const signUp = defineRoute({
  method: 'POST',
  path: '/users/signup',
  summary: 'Sign up as a customer or driver',
  tag: 'signups',
  roles: ['signup', 'admin'],
  limit: 'signup',
  idempotency: 'required',
  body: closed({
    role: Type.Union([Type.Literal('customer'), Type.Literal('driver')]),
    ...fields
  }),
  responses,
  problems,
  example: { body: { role: 'customer', ...examplePerson } },
  handler: (exchange, services) => {
    const { role, ...rest } = exchange.body
    return signUpAs(role === 'driver' ? 'DRIVER' : 'CUSTOMER', rest, exchange, services)
  }
})

const createAdminRoute = (path: string, role: SignupRole) =>
  defineRoute({
    method: 'POST',
    path,
    summary: `Sign up a ${role.toLowerCase()} as an administrator`,
    tag: 'admin',
    roles: ['admin'],
    limit: 'signup',
    idempotency: 'required',
    body: person,
    responses,
    problems,
    example: { body: role === 'DRIVER' ? { ...examplePerson, ...examplePapers } : examplePerson },
    handler: (exchange, services) => signUpAs(role, exchange.body, exchange, services)
  })

const signUpAs = async (
  role: SignupRole,
  raw: Person,
  exchange: Exchange,
  services: WriteServices
): Promise<Reply> => {
  const { events, ids, bodyHashById, piiHmacKeys } = services
  const form = normalise(raw)
  const emailKey = ids.emailKey(role, form.email)
  const signupId = ids.signupId({ emailKey, idempotencyKey: requireKey(exchange.idempotencyKey) })
  // Keyed: a plain digest of a body with a social security number in it could be tried out.
  const bodyHash = createHmac('sha256', piiHmacKeys.current.key)
    .update(JSON.stringify(form))
    .digest('base64')
  refuseReusedKey(bodyHashById, signupId, bodyHash)
  const userId = ids.userId({ role, signupId })
  const { ssn, vehicle, licence, ...plain } = form
  const value: SignupRequest = {
    signupId,
    userId,
    emailKey,
    role,
    ...plain,
    ...sealSsn(ssn, userId, services),
    vehicle: role === 'DRIVER' ? (vehicle ?? null) : null,
    licence: role === 'DRIVER' ? (licence ?? null) : null,
    source: exchange.identity.role === 'admin' ? 'ADMIN' : 'APP',
    requestedAt: exchange.receivedAt
  }
  await events.publish(
    { topic: 'signup_requests', key: emailKey, id: signupId, value, at: exchange.receivedAt },
    exchange
  )
  rememberBody(bodyHashById, signupId, bodyHash)
  return accepted({ signupId, userId, status: 'pending' }, `/signups/${signupId}`)
}

/** The number is bound to its user: copied into another record the ciphertext does not decrypt. */
const sealSsn = (ssn: string, userId: string, { clock, piiKeys, piiHmacKeys }: WriteServices) => {
  const digits = normalizeSsn(ssn)
  const fingerprints = fingerprintsOfField({ plain: digits, field: 'ssn', keys: piiHmacKeys }).map(
    ({ kid, fingerprint }) => ({ keyId: kid, ssnKey: fingerprint })
  )
  const problem = ssnProblem(ssn)
  return {
    ssnCipher: encryptField({
      plain: digits,
      field: 'ssn',
      entityId: userId,
      keys: piiKeys,
      randomBytes: clock.randomBytes
    }),
    ssnKey: fingerprints.at(-1)?.ssnKey ?? '',
    ssnKeyId: piiHmacKeys.current.kid,
    ssnKeysBefore: fingerprints.slice(0, -1),
    // Four digits of something that is no number would be more of it than anybody asked for.
    ssnLast4: problem === 'ssn_malformed' ? '' : digits.slice(-4),
    ssnProblem: problem
  }
}

/** One form of what people type: composed characters, single blanks, no outer ones. */
const tidy = (value: string): string => value.normalize('NFC').replace(/\s+/gu, ' ').trim()

const normalise = (raw: Person): Person => ({
  firstName: tidy(raw.firstName),
  lastName: tidy(raw.lastName),
  email: normalizeEmail(raw.email),
  phone: raw.phone.replace(/[\s().-]/g, ''),
  street: tidy(raw.street),
  city: tidy(raw.city),
  state: tidy(raw.state).toUpperCase(),
  zip: raw.zip.trim(),
  ssn: raw.ssn.trim(),
  ...(raw.vehicle === undefined
    ? {}
    : {
        vehicle: {
          make: tidy(raw.vehicle.make),
          model: tidy(raw.vehicle.model),
          year: raw.vehicle.year,
          color: tidy(raw.vehicle.color),
          plate: normalizePlate(raw.vehicle.plate)
        }
      }),
  ...(raw.licence === undefined
    ? {}
    : {
        licence: {
          number: tidy(raw.licence.number).toUpperCase(),
          state: tidy(raw.licence.state).toUpperCase(),
          expiresOn: raw.licence.expiresOn.trim()
        }
      })
})

/** Routes of sign-ups. */
export const signupRoutes = [
  signUp,
  createAdminRoute('/admin/customers', 'CUSTOMER'),
  createAdminRoute('/admin/drivers', 'DRIVER')
]
