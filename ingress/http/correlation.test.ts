import { expect, test } from 'vitest'
import { createFakeClock } from '../../core/index.ts'
import { createCorrelationReader } from './correlation.ts'

const traceId = 'a'.repeat(32)

test('continues the trace and keeps the id of the client', () => {
  const read = createCorrelationReader(createFakeClock(0, 1))
  const { correlationId, traceparent } = read({
    'x-correlation-id': 'order-12345',
    traceparent: `00-${traceId}-${'b'.repeat(16)}-01`
  })
  expect(correlationId).toBe('order-12345')
  expect(traceparent).toMatch(new RegExp(`^00-${traceId}-(?!b{16})[0-9a-f]{16}-01$`))
})

test.each([
  ['nothing', {}],
  ['odd characters', { 'x-correlation-id': 'a b\r\nc: d', traceparent: 'x' }],
  ['a trace of zeros', { traceparent: `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01` }],
  ['an id too short', { 'x-correlation-id': 'short' }]
])('makes fresh ones for %s', (_, headers) => {
  const read = createCorrelationReader(createFakeClock(0, 1))
  const { correlationId, traceparent } = read(headers)
  expect(correlationId).toMatch(/^[0-9a-f]{32}$/)
  expect(traceparent).toBe(`00-${correlationId}-${traceparent.slice(36, 52)}-00`)
})

test('never gives two requests the same id', () => {
  const read = createCorrelationReader(createFakeClock(0, 1))
  const ids = Array.from({ length: 2_000 }, () => read({}).correlationId)
  expect(new Set(ids).size).toBe(2_000)
})
