import { expect, it } from 'vitest'
import { isUp } from './status.ts'
import { statusTable } from './status-table.ts'

it('shows one aligned line a server', () => {
  const status = {
    name: 'dev',
    mode: 'local',
    servers: [
      { server: 'kafka', address: '127.0.0.1:9092', state: 'up', pid: 12 },
      { server: 'registry', address: 'http://127.0.0.1:8081', state: 'silent' }
    ]
  } as const
  expect(statusTable(status)).toBe(
    'stack dev (local)\n' +
      '  kafka     up      pid 12  127.0.0.1:9092\n' +
      '  registry  silent  -       http://127.0.0.1:8081'
  )
  expect(isUp(status)).toBe(false)
})

it('says what to do when nothing was ever started', () => {
  const status = { name: 'dev', mode: 'none', servers: [] } as const
  expect(statusTable(status)).toContain('run make up')
  expect(isUp(status)).toBe(false)
})
