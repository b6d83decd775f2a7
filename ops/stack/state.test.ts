import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type StackPaths, stackPaths } from './paths.ts'
import type { StackPorts } from './ports.ts'
import { namesOfStacks, parseState, portsOfOtherStacks, readState, writeState } from './state.ts'

const PORTS: StackPorts = {
  kafka: 1001,
  kafkaController: 1002,
  registry: 1003,
  redis: 1004,
  mongo: 1005,
  postgres: 1006
}

let localDir: string
let paths: StackPaths

beforeEach(async () => {
  localDir = await mkdtemp(join(tmpdir(), 'hailstream-state-'))
  paths = stackPaths({ localDir, name: 'dev' })
  onTestFinished(() => rm(localDir, { recursive: true, force: true }))
})

describe('state', () => {
  it('is what was written', async () => {
    expect(await readState(paths)).toBeUndefined()
    await writeState(paths, { mode: 'local', ports: PORTS })
    expect(await readState(paths)).toEqual({ mode: 'local', ports: PORTS })
  })

  it('counts as absent when the file is damaged', async () => {
    await writeState(paths, { mode: 'local', ports: PORTS })
    await writeFile(paths.stateFile, '{"mode":"loc')
    expect(await readState(paths)).toBeUndefined()
  })

  it('knows the ports of other stacks but not its own', async () => {
    await writeState(paths, { mode: 'local', ports: PORTS })
    const test = stackPaths({ localDir, name: 'test' })
    await writeState(test, { mode: 'local', ports: { ...PORTS, kafka: 2001 } })
    const others = await portsOfOtherStacks(paths, 'dev')
    expect([...others].sort()).toEqual([1002, 1003, 1004, 1005, 1006, 2001])
    expect((await namesOfStacks(paths)).sort()).toEqual(['dev', 'test'])
  })

  it('has no other stacks before the first start', async () => {
    expect(await portsOfOtherStacks(paths, 'dev')).toEqual(new Set())
  })
})

describe('parseState', () => {
  it.each([
    null,
    'local',
    { mode: 'local' },
    { mode: 'external', ports: PORTS },
    { mode: 'local', ports: { ...PORTS, redis: '6379' } },
    { mode: 'local', ports: { ...PORTS, redis: 70_000 } }
  ])('takes %j for no state', (value) => {
    expect(parseState(value)).toBeUndefined()
  })

  it('drops names it does not know', () => {
    expect(parseState({ mode: 'compose', ports: { ...PORTS, old: 1 }, more: 2 })).toEqual({
      mode: 'compose',
      ports: PORTS
    })
  })
})
