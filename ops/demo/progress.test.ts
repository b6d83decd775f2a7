import { expect, test } from 'vitest'
import { createFakeClock } from '../../core/index.ts'
import { Progress } from './progress.ts'

function progressOn(isTTY: boolean) {
  const clock = createFakeClock(0)
  const written: string[] = []
  const progress = new Progress({ clock, stream: { isTTY, write: (text) => written.push(text) } })
  return { clock, written, progress }
}

test('a terminal has one line that is rewritten', async () => {
  const { clock, written, progress } = progressOn(true)
  progress.showLive(() => 'busy')
  await clock.advance(1_000)
  progress.tell('done')
  expect(written).toEqual([
    '[   1 s] busy',
    '\r\u001b[2K',
    '[   1 s] busy',
    '\r\u001b[2K',
    '[   1 s] done\n'
  ])
  progress.stopLive()
  expect(clock.timerCount()).toBe(0)
})

test('a file has a line every five seconds', async () => {
  const { clock, written, progress } = progressOn(false)
  progress.showLive(() => 'busy')
  await clock.advance(10_000)
  expect(written).toEqual(['[   5 s] busy\n', '[  10 s] busy\n'])
})
