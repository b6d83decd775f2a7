import { describe, expect, it } from 'vitest'
import { chooseMode, type ModeFacts } from './choose-mode.ts'
import { readConfig } from './config.ts'

const ALL = {
  KAFKA_BROKERS: 'k:1',
  SCHEMA_REGISTRY_URL: 'http://r:2',
  REDIS_URL: 'redis://c:3',
  MONGO_URL: 'mongodb://m:4'
}
const PORTS = readConfig({}).ports

function facts(overrides: Partial<ModeFacts> = {}): ModeFacts {
  return { state: undefined, canCompose: async () => false, report: () => {}, ...overrides }
}

describe('chooseMode', () => {
  it.each([
    ['all addresses', { ...ALL }, facts(), 'external'],
    ['an engine', {}, facts({ canCompose: async () => true }), 'compose'],
    ['nothing', {}, facts(), 'local'],
    ['STACK', { ...ALL, STACK: 'local' }, facts({ canCompose: async () => true }), 'local']
  ] as const)('goes by %s', async (_, environment, given, mode) => {
    expect(await chooseMode(readConfig(environment), given)).toBe(mode)
  })

  it('stays with the way that a stack went before, so that its data is not left behind', async () => {
    const state = { mode: 'local', ports: PORTS } as const
    const canCompose = () => Promise.reject(new Error('must not be asked'))
    expect(await chooseMode(readConfig({}), facts({ state, canCompose }))).toBe('local')
  })

  it('refuses an external stack without all addresses', async () => {
    const config = readConfig({ ...ALL, STACK: 'external', REDIS_URL: '', MONGO_URL: '' })
    await expect(chooseMode(config, facts())).rejects.toThrow(
      'STACK=external needs REDIS_URL, MONGO_URL too'
    )
  })

  it('says that half a set of addresses is not used', async () => {
    const lines: string[] = []
    const config = readConfig({ KAFKA_BROKERS: 'k:1' })
    expect(await chooseMode(config, facts({ report: (line) => lines.push(line) }))).toBe('local')
    expect(lines).toEqual([
      'addresses of kafka are given but not used: SCHEMA_REGISTRY_URL, REDIS_URL, MONGO_URL not set'
    ])
  })
})
