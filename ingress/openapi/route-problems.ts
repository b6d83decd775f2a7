/**
 * Which problems a route may answer: those that follow from its definition (what the checks before
 * the handler refuse) and those that it names.
 *
 * @module
 */
import { type ProblemCode, problemCodes, type Route } from '../http/index.ts'

/** What any request may be answered, whatever its route. */
export const alwaysPossible: readonly ProblemCode[] = [
  'malformed_request',
  'token_missing',
  'token_invalid',
  'token_expired',
  'role_forbidden',
  'length_required',
  'body_too_large',
  'rate_limited',
  'internal_error',
  'overloaded',
  'auth_unavailable',
  'draining'
]

/** The parts of a definition that decide. */
export type RefusingRoute = Pick<
  Route<never>,
  'path' | 'body' | 'query' | 'idempotency' | 'problems'
>

/** In the order of the table. */
export const problemsOf = (route: RefusingRoute): ProblemCode[] => {
  const codes = new Set<ProblemCode>(alwaysPossible)
  const add = (isPossible: boolean, ...more: ProblemCode[]): void => {
    if (isPossible) for (const code of more) codes.add(code)
  }
  const { body, query, idempotency, path, problems = [] } = route
  add(body !== undefined, 'malformed_json', 'unsupported_media_type', 'request_timeout')
  add(query !== undefined, 'malformed_query')
  add(body !== undefined || query !== undefined, 'validation_failed')
  // A coordinate out of range is on no map; see http/validation.ts.
  add(JSON.stringify([body, query]).includes('"lat"'), 'outside_service_area')
  add(idempotency === 'required', 'idempotency_key_required')
  add(idempotency !== 'none', 'idempotency_key_invalid', 'idempotency_key_expired')
  add(path.includes(':'), 'not_found')
  add(true, ...problems)
  return problemCodes.filter((code) => codes.has(code))
}
