/**
 * @module The kernel's books, as text and of this very process.
 */
import { expect, test } from 'vitest'
import { parseUsage, usageOf } from './process-usage.ts'

test('counts the fields of a program whose name holds spaces and parentheses', () => {
  const stat = '7 (a (b) c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 9 0 100 1000 200'
  const status = 'Name:\ta\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n'
  expect(parseUsage(stat, status)).toEqual({
    cpuSeconds: 3,
    residentMb: 100,
    residentPeakMb: 200
  })
})

test('reads this process', async () => {
  const usage = await usageOf(process.pid)
  expect(usage.cpuSeconds).toBeGreaterThan(0)
  expect(usage.residentMb).toBeGreaterThan(10)
  expect(usage.residentPeakMb).toBeGreaterThanOrEqual(usage.residentMb)
})
