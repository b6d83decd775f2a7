import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const page = readFileSync(new URL('features.md', import.meta.url), 'utf8')
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| |'))
  .map((line) => line.split('|').map((cell) => cell.trim()))

test('every feature of ours links to a test that is there', () => {
  expect(rows.length).toBeGreaterThan(30)
  const unproved = rows.filter(([, , ours = '']) => {
    const [, target = ''] = /^\[[a-z]+\]\(([^)]+\.test\.ts)\)/.exec(ours) ?? []
    return target === '' || !existsSync(new URL(target, import.meta.url))
  })
  expect(unproved.map(([, feature]) => feature)).toEqual([])
})
