import { expect, test } from 'vitest'
import { createTurn } from './turn.ts'

test('what comes in one turn goes on side by side, step by step; what comes later in the next', async () => {
  const turn = createTurn()
  const steps: string[] = []
  const walk = async (name: string): Promise<void> => {
    await turn()
    steps.push(`${name}1`)
    await Promise.resolve()
    steps.push(`${name}2`)
  }
  const walks = [walk('a'), walk('b')]
  // As the web server does: promises run between one request and the next.
  await Promise.resolve()
  walks.push(walk('c'))
  await Promise.all(walks)
  await walk('d')
  expect(steps).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'c2', 'd1', 'd2'])
})

test('no more than 256 go on in one turn, the others in their order one turn later', async () => {
  const turn = createTurn()
  let begun = 0
  const walks = Array.from({ length: 600 }, async () => {
    await turn()
    begun += 1
  })
  const counts: number[] = []
  while (begun < 600) {
    await new Promise((resolve) => setImmediate(resolve))
    counts.push(begun)
  }
  await Promise.all(walks)
  expect(counts).toEqual([256, 512, 600])
})
