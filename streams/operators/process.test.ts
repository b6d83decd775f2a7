import { expect, test } from 'vitest'
import { longFormat } from '../runtime/index.ts'
import { drive, numberResults, numbers, pairs, results } from './testing/program.ts'

test('process folds with stores of its own and forwards what it likes', async () => {
  const driver = drive((builder) =>
    builder
      .stream(numbers)
      .process<number, { highest: { format: typeof longFormat; kind: 'remote' } }>({
        name: 'records',
        stores: { highest: { format: longFormat, kind: 'remote' } },
        handle: (ctx, { key, value, timestampMs }) => {
          if (value <= (ctx.get('highest', key) ?? 0)) return
          ctx.put('highest', key, value)
          ctx.forward(key, value, timestampMs + 1)
        }
      })
      .to(numberResults)
  )
  for (const value of [3, 1, 5]) await driver.pipe('numbers', 'a', value, { timestampMs: 10 })
  expect(results(driver, numberResults)).toEqual([
    ['a', 3, 11],
    ['a', 5, 11]
  ])
})

test('timers of two process operators do not meet', async () => {
  const driver = drive((builder) => {
    for (const [name, delayMs] of [
      ['slow', 50],
      ['fast', 20]
    ] as const) {
      builder
        .stream(numbers)
        .process<number>({
          name,
          handle: (ctx, { key }) => ctx.setTimer(key, 'wake', ctx.taskTimeMs + delayMs),
          onTimer: (ctx, timer) => {
            expect(timer.name).toBe('wake')
            ctx.forward(`${name} ${timer.key}`, delayMs)
          }
        })
        .to(numberResults)
    }
  })
  await driver.pipe('numbers', 'a', 1)
  await driver.advance(30)
  expect(pairs(driver, numberResults)).toEqual([['fast a', 20]])
  await driver.advance(30)
  expect(pairs(driver, numberResults)).toEqual([['slow a', 50]])
})

test('process reads the keys that it names', async () => {
  const driver = drive((builder) =>
    builder
      .stream(numbers)
      .process<number, { pairs: { format: typeof longFormat; kind: 'remote' } }>({
        name: 'pairing',
        stores: { pairs: { format: longFormat, kind: 'remote' } },
        reads: ({ key }) => ({ pairs: [`${key}-left`, `${key}-right`] }),
        handle: (ctx, { key, value }) => {
          const side = value % 2 === 0 ? 'left' : 'right'
          const other = ctx.get('pairs', `${key}-${side === 'left' ? 'right' : 'left'}`)
          ctx.put('pairs', `${key}-${side}`, value)
          if (other !== undefined) ctx.forward(key, other + value)
        }
      })
      .to(numberResults)
  )
  for (const value of [2, 3]) await driver.pipe('numbers', 'a', value)
  expect(pairs(driver, numberResults)).toEqual([['a', 5]])
})
