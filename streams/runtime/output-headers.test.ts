import { expect, test } from 'vitest'
import { outputHeaders } from './output-headers.ts'

const passed = {
  'correlation-id': 'order-12345',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  tracestate: 'congo=t61rcWkgMzE'
}
const of = (headers: Record<string, string> | null) =>
  outputHeaders({
    topology: { id: 'trips', app: 'trips', name: 'trips' } as never,
    partition: 3,
    input: headers === null ? null : ({ topic: 't', partition: 3, offset: 7n, headers } as never),
    type: null,
    timestampMs: 1_700_000_000_000,
    serial: 0,
    batchSerial: 0,
    extra: undefined
  })

test('an output passes on what traces it back to its request, and nothing else', () => {
  expect(of({ ...passed, 'content-type': 'application/avro' })).toEqual(passed)
})

test('an output of nothing traced has no headers', () => {
  expect(of({})).toBeUndefined()
  expect(of(null)).toBeUndefined()
})
