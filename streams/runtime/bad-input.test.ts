import { describe, expect, test } from 'vitest'
import { createTopologyDriver } from '../../test/support/index.ts'
import {
  type Context,
  defineSubTopology,
  jsonFormat,
  longFormat,
  type SubTopologyDefinition,
  stringFormat,
  type TaskSettings
} from './index.ts'

const startMs = 1_700_000_000_000
interface Person {
  readonly name: string
}
const people = {
  name: 'people',
  partitions: 1,
  format: jsonFormat('person', (value): value is Person => {
    return typeof (value as Person).name === 'string'
  })
} as const
const sums = { name: 'sums', partitions: 1, format: longFormat } as const
const names = { name: 'names', partitions: 1, format: stringFormat } as const

const stores = { sums: { format: longFormat, kind: 'remote' } } as const
type Definition = SubTopologyDefinition<
  typeof stores,
  'people',
  readonly [typeof people, typeof sums, typeof names]
>

function aDriver(parts: Partial<Definition>, settings: Partial<TaskSettings> = {}) {
  const topology = defineSubTopology({
    app: 'probe',
    name: 'people',
    topics: [people, sums, names],
    sources: ['people'],
    outputs: ['sums', 'names'],
    commitIntervalMs: 100,
    stores,
    on: { people: (ctx, { key, value }) => ctx.emit(names, key, value.name) },
    ...parts
  } as Definition)
  return createTopologyDriver([topology], {
    startMs,
    settings: { deadLetterRatioMax: 1, ...settings }
  })
}

const told = (driver: ReturnType<typeof aDriver>): string[] =>
  driver.all('names').map(({ key, value }) => `${key} ${value}`)

describe('a record that cannot be handled is dead-lettered, and the next one is handled:', () => {
  test('a payload that the format’s own check trips over', async () => {
    const driver = aDriver({})
    await driver.pipeBytes('people', 'a', Buffer.from('null'))
    await driver.pipe('people', 'b', { name: 'Bo' })
    expect(told(driver)).toEqual(['b Bo'])
    expect(driver.deadLetters('people')).toHaveLength(1)
  })

  test('a record whose keys to read cannot be told', async () => {
    const driver = aDriver({
      reads: ({ value }) => {
        if (value.name === 'Al') throw new Error('no')
        return {}
      }
    })
    await driver.pipe('people', 'a', { name: 'Al' })
    await driver.pipe('people', 'b', { name: 'Bo' })
    expect(told(driver)).toEqual(['b Bo'])
    expect(driver.deadLetters('people')).toHaveLength(1)
  })

  test('a key that is no text, and one that begins as the runtime’s own fields do', async () => {
    const driver = aDriver({})
    const value = Buffer.from('{"name":"Al"}')
    for (const key of [Buffer.from([0, 0, 0, 1]), Buffer.from([0xff, 0xfe])]) {
      driver.log.append({ topic: 'people', partition: 0, key, value, timestampMs: startMs })
    }
    await driver.pipe('people', '\ufffd', { name: 'Bo' })
    expect(told(driver)).toEqual(['\ufffd Bo'])
    expect(driver.deadLetters('people')).toHaveLength(2)
  })

  test('an output at no time', async () => {
    const driver = aDriver({
      on: {
        people: (ctx, { key, value }) => {
          ctx.emit(names, key, value.name, value.name === 'Al' ? { timestampMs: Number.NaN } : {})
        }
      }
    })
    await driver.pipe('people', 'a', { name: 'Al' })
    await driver.pipe('people', 'b', { name: 'Bo' })
    expect(told(driver)).toEqual(['b Bo'])
  })

  test('what was gathered for the commit and cannot be sent', async () => {
    const driver = aDriver({
      on: {
        people: (ctx, { key, value }) => {
          ctx.emit(names, key, value.name)
          if (value.name === 'Al') ctx.scratch.set(key, 1.5)
        }
      },
      beforeCommit: (ctx: Context<typeof stores>) => {
        for (const [key, sum] of ctx.scratch) ctx.emit(sums, key, sum as number)
      }
    })
    await driver.pipe('people', 'a', { name: 'Al' })
    await driver.pipe('people', 'b', { name: 'Bo' })
    expect(told(driver)).toEqual(['a Al', 'b Bo'])
    expect(driver.deadLetters('people')).toHaveLength(1)
  })
})

describe('a stored value that cannot be encoded', () => {
  const on: Definition['on'] = {
    people: (ctx, { key, value }) => {
      ctx.put('sums', key, value.name === 'Al' ? 1.5 : 1)
      ctx.emit(names, key, value.name)
    }
  }

  test('ends the task, since the commit cannot tell whose it is', async () => {
    const driver = aDriver({ on })
    await expect(driver.pipe('people', 'a', { name: 'Al' })).rejects.toMatchObject({
      reaction: 'skip-to-dlq'
    })
  })

  test('is found by the next owner, which checks each input and dead-letters the one', async () => {
    const driver = aDriver({ on }, { checksEachInput: true })
    await driver.pipe('people', 'a', { name: 'Al' }, { run: false })
    await driver.pipe('people', 'b', { name: 'Bo' })
    expect(told(driver)).toEqual(['b Bo'])
    expect(driver.deadLetters('people')).toHaveLength(1)
    expect(await driver.store('probe', 'people', 'sums', 'b')).toBe(1)
  })
})
