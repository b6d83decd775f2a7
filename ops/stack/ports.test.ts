import { createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { choosePorts, isPortFree, type PortChoice, type StackPorts } from './ports.ts'

const USUAL: StackPorts = {
  kafka: 9092,
  kafkaController: 9093,
  registry: 8081,
  redis: 6379,
  mongo: 27_017,
  postgres: 5433
}

function aChoice(overrides: Partial<PortChoice> & { taken?: readonly number[] }): PortChoice {
  const { taken = [], ...rest } = overrides
  return {
    preferred: USUAL,
    held: new Set(),
    reserved: new Set(),
    isFree: async (port) => !taken.includes(port),
    ...rest
  }
}

describe('choosePorts', () => {
  it('takes the usual ports when they are free', async () => {
    expect(await choosePorts(aChoice({}))).toEqual(USUAL)
  })

  it('takes the next free port, and no port twice', async () => {
    // Kafka moves to 9093, which the controller would have taken.
    const ports = await choosePorts(aChoice({ taken: [9092] }))
    expect(ports).toMatchObject({ kafka: 9093, kafkaController: 9094 })
  })

  it('keeps remembered ports while they are free', async () => {
    const remembered = { ...USUAL, kafka: 9500, redis: 9600 }
    const ports = await choosePorts(aChoice({ remembered, taken: [9600] }))
    expect(ports).toEqual({ ...remembered, redis: 6379 })
  })

  it('keeps the ports that our own live servers hold', async () => {
    const remembered = { ...USUAL, kafka: 9500, kafkaController: 9501 }
    const held = new Set(['kafka', 'kafkaController'] as const)
    const ports = await choosePorts(aChoice({ remembered, held, taken: [9500, 9501] }))
    expect(ports).toEqual(remembered)
  })

  it('leaves the ports that other stacks remember alone', async () => {
    const ports = await choosePorts(aChoice({ reserved: new Set([6379, 6380]) }))
    expect(ports.redis).toBe(6381)
  })

  it('gives up with a sentence when nothing is free', async () => {
    const choice = aChoice({ isFree: async () => false })
    await expect(choosePorts(choice)).rejects.toThrow('No free port for kafka from 9092 to 9291')
  })
})

describe('isPortFree', () => {
  it('sees a listener come and go', async () => {
    const server = createServer()
    onTestFinished(() => void server.close())
    const port = await new Promise<number>((resolve, reject) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address()
        if (address !== null && typeof address === 'object') {
          resolve(address.port)
        } else {
          reject(new Error('no port'))
        }
      })
    })
    expect(await isPortFree(port)).toBe(false)
    await new Promise((resolve) => server.close(resolve))
    expect(await isPortFree(port)).toBe(true)
  })
})
