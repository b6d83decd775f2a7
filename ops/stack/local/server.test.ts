import { describe, expect, it } from 'vitest'
import { readConfig } from '../config.ts'
import { stackPaths } from '../paths.ts'
import { kafkaProperties } from './kafka.ts'
import { inOrderOfNeeds } from './run.ts'
import { fingerprintOf, type LocalServer, type ServerContext } from './server.ts'
import { LOCAL_SERVERS } from './servers.ts'

const config = readConfig({ LOCAL_DIR: '/x/.local' })
const context: ServerContext = {
  config,
  paths: stackPaths(config),
  ports: config.ports,
  programs: {
    java: '/bin/java',
    redisServer: '/bin/redis-server',
    unshare: '/bin/unshare',
    kafkaDir: '/p/kafka',
    registryDir: '/p/registry',
    ferretdbDir: '/p/ferretdb',
    postgresRoot: '/p/postgres'
  }
}

describe('servers', () => {
  it('hold each port once', () => {
    const held = LOCAL_SERVERS.flatMap(({ ports }) => ports)
    expect(held.toSorted()).toEqual(Object.keys(config.ports).toSorted())
  })

  it.each(LOCAL_SERVERS)(
    '$name is told its port and is another one with another port',
    (server) => {
      const [port] = server.ports
      const command = server.command(context)
      const everything = JSON.stringify(command)
      expect(everything).toContain(String(port === undefined ? '' : config.ports[port]))
      const ports = { ...config.ports, ...(port === undefined ? {} : { [port]: 12_345 }) }
      const moved = server.command({ ...context, ports })
      expect(fingerprintOf(moved)).not.toBe(fingerprintOf(command))
      expect(fingerprintOf(server.command(context))).toBe(fingerprintOf(command))
    }
  )

  it.each(LOCAL_SERVERS)('$name keeps its data in the folder of its stack', (server) => {
    expect(server.workDir(context.paths)).toMatch(/^\/x\/\.local\/data\/dev\//)
  })
})

describe('kafkaProperties', () => {
  it('is for one node that creates no topics by itself', () => {
    const lines = kafkaProperties(context).split('\n')
    expect(lines).toContain('process.roles=broker,controller')
    expect(lines).toContain('advertised.listeners=PLAINTEXT://127.0.0.1:9092')
    expect(lines).toContain('auto.create.topics.enable=false')
    expect(lines).toContain('group.initial.rebalance.delay.ms=0')
    expect(lines).toContain('transaction.state.log.replication.factor=1')
  })
})

describe('inOrderOfNeeds', () => {
  const server = (name: string, needs: string[]) => ({ name, needs }) as unknown as LocalServer

  it('puts what is needed first', () => {
    const names = inOrderOfNeeds([server('a', ['b']), server('b', ['c']), server('c', [])])
    expect(names.map(({ name }) => name)).toEqual(['c', 'b', 'a'])
  })

  it('refuses a circle', () => {
    expect(() => inOrderOfNeeds([server('a', ['b']), server('b', ['a'])])).toThrow('circle')
  })
})
