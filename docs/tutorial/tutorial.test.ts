import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8')

test('the page shows the tutorial’s files as they are', () => {
  const blocks = [...read('README.md').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code)
  expect(blocks).toEqual(['market-demand.ts', 'market-demand.test.ts', 'main.ts'].map(read))
})
