import { expect, test } from 'vitest'
import { createFakeClock } from '../../core/index.ts'
import { createCorrelationReader } from './correlation.ts'

const traceId = 'a'.repeat(32)

const parentId = 'b'.repeat(16)
const read = (headers: Record<string, string>) =>
  createCorrelationReader(createFakeClock(0, 1))(headers)

test('continues the trace and keeps the id of the client', () => {
  const { correlationId, traceparent } = read({
    'x-correlation-id': 'order-12345',
    traceparent: `00-${traceId}-${parentId}-01`
  })
  expect(correlationId).toBe('order-12345')
  expect(traceparent).toMatch(new RegExp(`^00-${traceId}-(?!b{16})[0-9a-f]{16}-01$`))
})

test.each([
  ['00', '00'],
  ['01', '01'],
  ['02', '02'],
  ['ff', '03']
])('keeps of the flags %s what is known: %s', (flags, kept) => {
  const { traceparent } = read({ traceparent: `00-${traceId}-${parentId}-${flags}` })
  expect(traceparent.slice(-3)).toBe(`-${kept}`)
})

test.each([`cc-${traceId}-${parentId}-01`, `01-${traceId}-${parentId}-01-what-comes-later`])(
  'continues the trace of a later version: %s',
  (traceparent) => {
    expect(read({ traceparent }).traceparent).toMatch(new RegExp(`^00-${traceId}-.{16}-01$`))
  }
)

test.each([
  ['nothing', {}],
  ['odd characters', { 'x-correlation-id': 'a b\r\nc: d', traceparent: 'x' }],
  ['an id too short', { 'x-correlation-id': 'short' }],
  ['a trace of zeros', { traceparent: `00-${'0'.repeat(32)}-${parentId}-01` }],
  ['a parent of zeros', { traceparent: `00-${traceId}-${'0'.repeat(16)}-01` }],
  ['capital letters', { traceparent: `00-${traceId.toUpperCase()}-${parentId}-01` }],
  ['the version that is none', { traceparent: `ff-${traceId}-${parentId}-01` }],
  ['more than the version has', { traceparent: `00-${traceId}-${parentId}-01-more` }],
  ['a piece missing', { traceparent: `00-${traceId}-${parentId}` }]
])('makes fresh ones for %s', (_, headers) => {
  const { correlationId, traceparent, tracestate } = read({ ...headers, tracestate: 'a=1' })
  expect(correlationId).toMatch(/^[0-9a-f]{32}$/)
  expect(traceparent).toBe(`00-${correlationId}-${traceparent.slice(36, 52)}-00`)
  expect(tracestate).toBeNull()
})

test.each([
  ['rojo=00f067aa0ba902b7,congo=t61rcWkgMzE', true],
  ['fw529a3039@dt=FfffAwAAAAA , a=b', true],
  ['a=1,', true],
  ['', false],
  ['no value', false],
  ['UPPER=1', false],
  ['a=1;\u0007', false],
  [`a=${'x'.repeat(600)}`, false],
  [Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(), false]
])('carries the state %j along: %s', (tracestate, isCarried) => {
  const found = read({ traceparent: `00-${traceId}-${parentId}-01`, tracestate }).tracestate
  expect(found).toBe(isCarried ? tracestate : null)
})

test('never gives two requests the same id', () => {
  const readNext = createCorrelationReader(createFakeClock(0, 1))
  const ids = Array.from({ length: 2_000 }, () => readNext({}).correlationId)
  expect(new Set(ids).size).toBe(2_000)
})
