import { describe, expect, it } from 'vitest'
import { withLock } from './lock.ts'

describe.runIf(process.platform === 'linux')('withLock', () => {
  it('lets one at a time into a folder and tells the other that it waits', async () => {
    const events: string[] = []
    const folder = `/lock-test/${process.pid}`
    const isIn = aSignal()
    const mayLeave = aSignal()
    const first = withLock(folder, ignore, async () => {
      events.push('first in')
      isIn.give()
      await mayLeave.given
      events.push('first out')
    })
    await isIn.given
    const reportOfSecond = () => {
      events.push('second waits')
      mayLeave.give()
    }
    const second = withLock(folder, reportOfSecond, async () => {
      events.push('second in')
    })
    await Promise.all([first, second])
    expect(events).toEqual(['first in', 'second waits', 'first out', 'second in'])
  })

  it('is free again after a failure', async () => {
    const folder = `/lock-test/failing/${process.pid}`
    const failing = withLock(folder, ignore, () => Promise.reject(new Error('broken')))
    await expect(failing).rejects.toThrow('broken')
    expect(await withLock(folder, ignore, async () => 'again')).toBe('again')
  })
})

function ignore(): void {}

function aSignal(): { given: Promise<void>; give: () => void } {
  let give = ignore
  const given = new Promise<void>((resolve) => {
    give = resolve
  })
  return { given, give }
}
