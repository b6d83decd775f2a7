import { describe, expect, it } from 'vitest'
import { readConfig, readTestConfig } from './config.ts'

describe('readConfig', () => {
  it('has defaults for everything', () => {
    const config = readConfig({})
    expect(config).toMatchObject({
      choice: 'auto',
      name: 'dev',
      given: {},
      ports: { kafka: 9092, registry: 8081, redis: 6379, mongo: 27_017, postgres: 5433 },
      kafkaHeapMb: 512,
      stopsAfterTests: false
    })
    expect(config.localDir).toBe(`${config.repositoryDir}/.local`)
  })

  it('keeps the usual ports for dev and shifts those of every other stack', () => {
    const { ports } = readConfig({ STACK_NAME: 'bench' })
    expect(ports).toEqual({
      kafka: 9192,
      kafkaController: 9193,
      registry: 8181,
      redis: 6479,
      mongo: 27_117,
      postgres: 5533
    })
  })

  it('takes an empty variable for an unset one', () => {
    expect(readConfig({ STACK: '', KAFKA_BROKERS: ' ', KAFKA_HEAP_MB: '' })).toMatchObject({
      choice: 'auto',
      given: {},
      kafkaHeapMb: 512
    })
  })

  it.each([
    [{ STACK: 'docker' }, 'STACK must be one of external, compose, local, auto'],
    [{ STACK_NAME: '../x' }, 'STACK_NAME must be a short lower-case name'],
    [{ KAFKA_HEAP_MB: '1e9' }, 'KAFKA_HEAP_MB must be a whole number from 128 to 65536'],
    [{ REDIS_PORT: 'six' }, 'REDIS_PORT must be a whole number from 1 to 65535'],
    [{ STACK_STOP_AFTER_TESTS: 'yes' }, 'STACK_STOP_AFTER_TESTS must be 0 or 1']
  ])('refuses %j', (environment, message) => {
    expect(() => readConfig(environment)).toThrow(message)
  })

  it('stops the test stack in CI unless told otherwise', () => {
    expect(readConfig({ CI: 'true' }).stopsAfterTests).toBe(true)
    expect(readConfig({ CI: 'true', STACK_STOP_AFTER_TESTS: '0' }).stopsAfterTests).toBe(false)
  })
})

describe('readTestConfig', () => {
  it('never names the stack of a developer', () => {
    expect(readTestConfig({ STACK_NAME: 'dev' }).name).toBe('test')
    expect(readTestConfig({ TEST_STACK_NAME: 'crash' }).name).toBe('crash')
  })
})
