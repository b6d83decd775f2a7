import { expect, test } from 'vitest'
import { type Answer, createAnswerChecker } from './answer-checker.ts'

const check = createAnswerChecker()

const accepted: Answer = {
  method: 'POST',
  path: '/rides',
  status: 202,
  headers: new Headers({
    'content-type': 'application/json',
    location: '/api/v1/rides/r-1',
    'x-correlation-id': 'c'
  }),
  body: { rideId: 'r-1', status: 'pending' }
}

const without = (name: string): Headers => {
  const headers = new Headers(accepted.headers)
  headers.delete(name)
  return headers
}

test('lets a documented answer pass', () => {
  check(accepted)
  check({
    ...accepted,
    method: 'GET',
    path: '/drivers/nearby?lat=1&lon=1',
    status: 200,
    headers: without('location'),
    body: { drivers: [] }
  })
})

test.each<[string, Partial<Answer>, RegExp]>([
  ['a field nobody documented', { body: { rideId: 'r-1', status: 'pending', fare: 1 } }, /fit/],
  ['a field missing', { body: { status: 'pending' } }, /does not fit its schema/],
  ['another value of an enumeration', { body: { rideId: 'r-1', status: 'new' } }, /does not fit/],
  ['an unknown status', { status: 201 }, /201 \(undefined\) is not documented/],
  [
    'another media type',
    {
      headers: new Headers({
        ...Object.fromEntries(accepted.headers),
        'content-type': 'text/plain'
      })
    },
    /not documented as text\/plain/
  ],
  ['no Location', { headers: without('location') }, /came without Location/],
  [
    'a Location nobody documented',
    { method: 'POST', path: '/quotes', status: 200 },
    /Location, which is not documented/
  ],
  ['a route nobody documented', { path: '/nothing' }, /no documented route/],
  ['a method nobody documented', { method: 'DELETE' }, /no documented route/]
])('refuses %s', (_, change, message) => {
  expect(() => check({ ...accepted, ...change })).toThrow(message)
})

test.each([
  ['role_forbidden', 403, null],
  ['subject_forbidden', 403, /does not fit its schema/],
  ['rate_limited', 429, /came without Retry-After/]
])('judges the problem %s of POST /rides by its code and headers', (code, status, message) => {
  const body = {
    type: 't',
    title: 't',
    status,
    detail: 'd',
    instance: '/',
    code,
    correlationId: 'c'
  }
  const headers = new Headers({
    'content-type': 'application/problem+json',
    'x-correlation-id': 'c'
  })
  const judge = () => check({ ...accepted, status, headers, body })
  if (message === null) judge()
  else expect(judge).toThrow(message)
})
