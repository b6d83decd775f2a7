import { expect, test } from 'vitest'
import { Closers } from './closers.ts'

test('what was opened is closed once, last first, whatever fails', async () => {
  const told: string[] = []
  const closed: string[] = []
  const closers = new Closers((line) => told.push(line))
  closers.add('stack', async () => void closed.push('stack'))
  closers.add('kafka', async () => {
    throw new Error('away')
  })
  closers.add('apps', async () => void closed.push('apps'))
  await closers.closeAll()
  await closers.closeAll()
  expect(closed).toEqual(['apps', 'stack'])
  expect(told).toEqual(['closing kafka: away'])
})
