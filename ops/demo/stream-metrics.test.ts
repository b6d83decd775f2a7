import { expect, test } from 'vitest'
import { sumOfMetric } from './stream-metrics.ts'

const text = `# HELP hail_x_total What
# TYPE hail_x_total counter
hail_x_total{topology="trips-rides"} 3
hail_x_total{topology="a b"} 4.5
hail_x_total_more 100
hail_y 7
`

test('a metric is summed over its labels, and only that metric', () => {
  expect(sumOfMetric(text, 'hail_x_total')).toBe(7.5)
  expect(sumOfMetric(text, 'hail_y')).toBe(7)
  expect(sumOfMetric(text, 'hail_z')).toBe(0)
})
