import { EventEmitter } from 'node:events'
import { describe, expect, test } from 'vitest'
import { createFakeClock } from './clock/index.ts'
import { createLifecycle, type Lifecycle } from './lifecycle.ts'
import { silentLogger } from './logger.ts'

class FakeProcess extends EventEmitter {
  readonly exits: number[] = []
  exit(code: number): void {
    this.exits.push(code)
  }
}

function arrange(): {
  lifecycle: Lifecycle
  clock: ReturnType<typeof createFakeClock>
  host: FakeProcess
  ledger: string[]
  part: (name: string, how?: { start?: () => unknown; stop?: () => unknown }) => void
} {
  const clock = createFakeClock(0)
  const host = new FakeProcess()
  const ledger: string[] = []
  const options = { logger: silentLogger, clock, stopTimeoutMs: 100, process: host }
  const lifecycle = createLifecycle(options)
  const part: ReturnType<typeof arrange>['part'] = (name, how = {}) => {
    lifecycle.add({
      name,
      start: () => {
        ledger.push(`+${name}`)
        return how.start?.()
      },
      stop: () => {
        ledger.push(`-${name}`)
        return how.stop?.()
      }
    })
  }
  return { lifecycle, clock, host, ledger, part }
}

const never = (): Promise<never> => new Promise(() => undefined)

function fail(): never {
  throw new Error('broken')
}

describe('a life cycle', () => {
  test('starts in order and stops in reverse, once', async () => {
    const { lifecycle, ledger, part } = arrange()
    for (const name of ['a', 'b', 'c']) part(name)
    await Promise.all([lifecycle.start(), lifecycle.start()])
    expect(await lifecycle.stop()).toBe(true)
    await lifecycle.stop()
    expect(ledger).toEqual(['+a', '+b', '+c', '-c', '-b', '-a'])
    expect(() => part('d')).toThrow('added before the start')
  })

  test('stops what was started when a start fails', async () => {
    const { lifecycle, ledger, part } = arrange()
    part('a')
    part('b', { start: fail })
    part('c')
    await expect(lifecycle.start()).rejects.toThrow('broken')
    expect(ledger).toEqual(['+a', '+b', '-a'])
  })

  test('goes on stopping past a part that fails and one that hangs', async () => {
    const { lifecycle, clock, ledger, part } = arrange()
    part('a')
    part('hangs', { stop: never })
    part('fails', { stop: fail })
    await lifecycle.start()
    const stopped = lifecycle.stop()
    await clock.advance(100)
    expect(await stopped).toBe(false)
    expect(ledger.slice(3)).toEqual(['-fails', '-hangs', '-a'])
    expect(clock.timerCount()).toBe(0)
  })

  test('runs until a signal and exits with 0', async () => {
    const { lifecycle, clock, host, ledger, part } = arrange()
    part('a')
    const run = lifecycle.runUntilSignal()
    await clock.settle()
    host.emit('SIGTERM', 'SIGTERM')
    await run
    expect([ledger, host.exits]).toEqual([['+a', '-a'], [0]])
    expect(host.eventNames()).toEqual([])
  })

  test('exits with 1 when a part does not stop', async () => {
    const { lifecycle, clock, host, part } = arrange()
    part('hangs', { stop: never })
    const run = lifecycle.runUntilSignal()
    await clock.settle()
    host.emit('SIGINT', 'SIGINT')
    await clock.advance(100)
    await run
    expect(host.exits).toEqual([1])
  })

  test('exits at once at the second signal', async () => {
    const { lifecycle, clock, host, part } = arrange()
    part('hangs', { stop: never })
    void lifecycle.runUntilSignal()
    await clock.settle()
    host.emit('SIGTERM', 'SIGTERM')
    host.emit('SIGINT', 'SIGINT')
    expect(host.exits).toEqual([1])
    await clock.advance(100)
  })

  test('lets the start under way finish when a signal comes, then stops it', async () => {
    const { lifecycle, clock, host, ledger, part } = arrange()
    let finish: () => void = () => undefined
    part('a', {
      start: () =>
        new Promise<void>((resolve) => {
          finish = resolve
        })
    })
    part('b')
    const run = lifecycle.runUntilSignal()
    await clock.settle()
    host.emit('SIGTERM', 'SIGTERM')
    await clock.settle()
    finish()
    await run
    expect([ledger, host.exits]).toEqual([['+a', '-a'], [0]])
  })

  test('does not wait for ever for a start that hangs', async () => {
    const { lifecycle, clock, host, part } = arrange()
    part('hangs', { start: never })
    const run = lifecycle.runUntilSignal()
    await clock.settle()
    host.emit('SIGTERM', 'SIGTERM')
    await clock.advance(100)
    await run
    expect(host.exits).toEqual([1])
  })

  test('exits with 70 when the start fails or a part reports a failure', async () => {
    const first = arrange()
    first.part('a', { start: fail })
    await first.lifecycle.runUntilSignal()
    expect(first.host.exits).toEqual([70])

    const second = arrange()
    second.part('a')
    const run = second.lifecycle.runUntilSignal()
    await second.clock.settle()
    second.lifecycle.fail(new Error('engine'))
    await run
    expect([second.ledger, second.host.exits]).toEqual([['+a', '-a'], [70]])
  })

  test('exits with 70 at once after an error nobody caught', async () => {
    const { lifecycle, clock, host, ledger, part } = arrange()
    part('a')
    void lifecycle.runUntilSignal()
    await clock.settle()
    host.emit('unhandledRejection', new Error('lost'))
    expect([ledger, host.exits]).toEqual([['+a'], [70]])
    host.emit('SIGTERM', 'SIGTERM')
    await clock.settle()
  })
})
