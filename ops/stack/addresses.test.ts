import { describe, expect, it } from 'vitest'
import { addressesAt, externalAddresses, stackEnvironment } from './addresses.ts'
import { readConfig } from './config.ts'
import { firstEndpoint } from './endpoints.ts'
import { withoutPassword } from './status.ts'

describe('addresses', () => {
  it('of a stack of this machine are on the loopback address', () => {
    expect(addressesAt(readConfig({}).ports, 'local')).toEqual({
      kafka: '127.0.0.1:9092',
      registry: 'http://127.0.0.1:8081/apis/ccompat/v7',
      redis: 'redis://127.0.0.1:6379/0',
      mongo: 'mongodb://127.0.0.1:27017/',
      mode: 'local'
    })
  })

  it('survive the way through the environment of a child', () => {
    const addresses = addressesAt(readConfig({}).ports, 'local')
    const config = readConfig(stackEnvironment(addresses))
    expect(externalAddresses(config.given)).toEqual({ ...addresses, mode: 'external' })
  })

  it('given in part are none', () => {
    expect(externalAddresses({ kafka: 'k:1', redis: 'redis://c:3' })).toBeUndefined()
  })
})

describe('firstEndpoint', () => {
  it.each([
    ['127.0.0.1:9092', { host: '127.0.0.1', port: 9092 }],
    ['a:1,b:2', { host: 'a', port: 1 }],
    ['[::1]:9092', { host: '::1', port: 9092 }],
    ['redis://user:secret@cache/0', { host: 'cache', port: 6379 }],
    ['mongodb://a:1,b:2/db', { host: 'a', port: 1 }],
    ['http://registry:8081/apis/ccompat/v7', { host: 'registry', port: 8081 }],
    ['https://registry/v7', { host: 'registry', port: 443 }],
    ['http://registry', { host: 'registry', port: 80 }],
    ['mongodb+srv://cluster.example', undefined],
    ['nothing', undefined],
    ['', undefined]
  ])('of %s is %j', (address, endpoint) => {
    expect(firstEndpoint(address)).toEqual(endpoint)
  })
})

describe('withoutPassword', () => {
  it('stars the password out and nothing else', () => {
    expect(withoutPassword('redis://user:se:cret@cache:6379/0')).not.toContain('cret')
    expect(withoutPassword('redis://:secret@cache:6379/0')).toBe('redis://:***@cache:6379/0')
    expect(withoutPassword('mongodb://m:27017/db')).toBe('mongodb://m:27017/db')
  })
})
