import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { createFakeClock, systemClock } from '../clock/index.ts'
import { createLogger, silentLogger } from '../logger.ts'
import { createMetrics } from '../metrics.ts'
import { createRedis, type Redis, type RedisOptions, redisLimits } from './index.ts'

/** Answers of a scripted server, as RESP text; null leaves the command without an answer. */
type Answers = (command: string[]) => string | null

const OK = '+OK\r\n'
const closers: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** A server that speaks just enough RESP to fail in ways a real Redis rarely does. */
async function serve(answers: Answers): Promise<{ url: string; server: Server; drop: () => void }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined))
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      for (let command = shift(); command !== null; command = shift()) {
        const isSetUp = /^(client|ping|quit)$/i.test(command[0] ?? '')
        const reply = answers(command) ?? (isSetUp ? OK : null)
        if (reply !== null) socket.write(reply)
      }
    })
    const shift = (): string[] | null => {
      const head = /^\*(\d+)\r\n/.exec(text)
      if (head === null) return null
      let offset = head[0].length
      const words: string[] = []
      for (let word = 0; word < Number(head[1]); word += 1) {
        const size = /^\$(\d+)\r\n/.exec(text.slice(offset))
        if (size === null) return null
        offset += size[0].length
        words.push(text.slice(offset, offset + Number(size[1])))
        offset += Number(size[1]) + 2
      }
      text = text.slice(offset)
      return words
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const drop = () => {
    for (const socket of sockets) socket.destroy()
  }
  closers.push(() => {
    drop()
    server.close()
  })
  return { url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`, server, drop }
}

function connect(url: string, options: Partial<RedisOptions> = {}): Redis {
  const redis = createRedis({ url, logger: silentLogger, name: 'test', ...options })
  closers.push(() => redis.close())
  return redis
}

const reply = (text: string) => `-${text}\r\n`
const infoReply = '$15\r\nredis_version:7\r\n'

function answering(command: string, text: string): Answers {
  return ([name = '']) => {
    if (/^info$/i.test(name)) return infoReply
    return name.toLowerCase() === command ? text : null
  }
}

describe('an error of Redis', () => {
  const cases = [
    ['LOADING Redis is loading the dataset in memory', 'HAIL_REDIS_UNAVAILABLE', 'retry'],
    ['OOM command not allowed when used memory > maxmemory', 'HAIL_REDIS_UNAVAILABLE', 'retry'],
    ['WRONGTYPE Operation against a key', 'HAIL_REDIS_REFUSED', 'fatal'],
    ['NOPERM no permissions', 'HAIL_REDIS_REFUSED', 'fatal'],
    ['weird', 'HAIL_REDIS_REFUSED', 'fatal']
  ] as const
  for (const [text, code, reaction] of cases) {
    test(`is ${code} when it answers ${text.split(' ', 1)[0]}`, async () => {
      const { url } = await serve(answering('get', reply(text)))
      await expect(connect(url).get('k')).rejects.toMatchObject({ code, reaction })
    })
  }

  test('is corrupt when it comes out of a script', async () => {
    const { url } = await serve(answering('evalsha', reply('ERR user_script:1: boom 123')))
    const script = connect(url).script({ name: 'apply', source: 'x', keys: 1 })
    await expect(script(['k'], [])).rejects.toMatchObject({
      code: 'HAIL_REDIS_SCRIPT',
      reaction: 'corrupt',
      message: expect.not.stringContaining('boom')
    })
  })
})

describe('an outage', () => {
  test('ends a command without an answer in a retry', async () => {
    const { url } = await serve(answering('get', OK))
    const redis = connect(url, { commandTimeoutMs: 30 })
    await expect(redis.hget('k', 'f')).rejects.toMatchObject({ code: 'HAIL_REDIS_UNAVAILABLE' })
  })

  test('bounds how long and how many commands wait for a connection', async () => {
    const { url, server } = await serve(() => null)
    await new Promise((resolve) => server.close(resolve))
    const clock = createFakeClock(0)
    const redis = connect(url, { clock, waitingMax: 2, commandTimeoutMs: 1_000 })
    const waiting = [redis.get('a'), redis.get('b')].map((command) =>
      expect(command).rejects.toMatchObject({
        code: 'HAIL_REDIS_UNAVAILABLE',
        message: 'get waited 1000 ms for a connection to Redis'
      })
    )
    await expect(redis.get('c')).rejects.toThrow('2 commands wait already')
    expect(redis.isReady()).toBe(false)
    await clock.advance(1_000)
    await Promise.all(waiting)
    expect(clock.timerCount()).toBe(0)
  })

  test('refuses commands under way, and serves those that come after it', async () => {
    let isDropping = true
    const { url, drop } = await serve(([name = '']) => {
      if (/^info$/i.test(name)) return infoReply
      if (name.toLowerCase() !== 'get') return null
      if (!isDropping) return '$1\r\nv\r\n'
      isDropping = false
      setImmediate(drop)
      return null
    })
    const redis = connect(url, { reconnectMsMax: 20 })
    await expect(redis.get('k')).rejects.toMatchObject({ reaction: 'retry' })
    expect(await redis.get('k')).toEqual(Buffer.from('v'))
  })

  test('is logged once, and its end too', async () => {
    const log: string[] = []
    const destination = { write: (line: string) => void log.push(line) }
    const logger = createLogger({ name: 'test', destination })
    const { url, drop } = await serve(answering('ping', '+PONG\r\n'))
    const redis = connect(url, { logger, reconnectMsMax: 20 })
    await redis.ping()
    const back = new Promise((resolve) => redis.client.once('close', resolve))
    drop()
    await back
    await redis.ping()
    const messages = log.map((line) => (JSON.parse(line) as { message: string }).message)
    expect(messages).toEqual(['the connection to Redis was lost, reconnecting', 'Redis is back'])
  })
})

describe('a script', () => {
  test('is sent again when Redis has lost it', async () => {
    const seen: string[] = []
    const { url } = await serve(([name = '', ...rest]) => {
      if (/^info$/i.test(name)) return infoReply
      if (name === 'EVALSHA') return reply('NOSCRIPT No matching script')
      if (name !== 'EVAL') return null
      seen.push(...rest)
      return ':7\r\n'
    })
    const script = connect(url).script({ name: 'count', source: 'return 7', keys: 1 })
    expect(await script(['k'], ['a', 2])).toBe(7)
    expect(seen).toEqual(['return 7', '1', 'k', 'a', '2'])
  })

  test('refuses another number of keys than it takes', async () => {
    const { url } = await serve(answering('evalsha', ':1\r\n'))
    const script = connect(url).script({ name: 'count', source: 's', keys: 2 })
    await expect(script(['k'], [])).rejects.toThrow('script count takes 2 keys, got 1')
  })
})

describe('requireNoEviction', () => {
  const policy = (name: string) => `*2\r\n$16\r\nmaxmemory-policy\r\n$${name.length}\r\n${name}\r\n`

  test('accepts noeviction and stops at any other policy with what to do', async () => {
    const good = await serve(answering('config', policy('noeviction')))
    await connect(good.url).requireNoEviction()
    const bad = await serve(answering('config', policy('allkeys-lru')))
    await expect(connect(bad.url).requireNoEviction()).rejects.toMatchObject({
      code: 'HAIL_REDIS_POLICY',
      reaction: 'fatal',
      message: expect.stringContaining('CONFIG SET maxmemory-policy noeviction')
    })
  })

  test('warns where the question is forbidden', async () => {
    const log: string[] = []
    const destination = { write: (line: string) => void log.push(line) }
    const logger = createLogger({ name: 'test', destination })
    const { url } = await serve(answering('config', reply("ERR unknown command 'config'")))
    await connect(url, { logger }).requireNoEviction()
    expect(log.join()).toContain('make sure it is noeviction')
  })
})

describe('the adapter', () => {
  test('refuses reads beyond its bounds', async () => {
    const { url } = await serve(() => null)
    const redis = connect(url)
    const fields = Array.from({ length: redisLimits.hashFieldsMax + 1 }, String)
    await expect(redis.hmget('k', fields)).rejects.toMatchObject({ code: 'HAIL_ASSERTION' })
    const circle = { lon: 0, lat: 0, radiusMeters: 1, count: 0 }
    await expect(redis.geosearch('k', circle)).rejects.toMatchObject({ code: 'HAIL_ASSERTION' })
  })

  test('refuses commands once closed, those that wait too', async () => {
    const { url } = await serve(() => null)
    const redis = connect(url)
    const waiting = expect(redis.get('k')).rejects.toMatchObject({ code: 'HAIL_CLOSED' })
    await redis.close()
    await redis.close()
    await waiting
    await expect(redis.get('k')).rejects.toMatchObject({ code: 'HAIL_CLOSED' })
  })

  test('counts latencies and errors by command', async () => {
    const { url } = await serve(answering('get', reply('LOADING')))
    const metrics = createMetrics()
    const redis = connect(url, { metrics, clock: systemClock })
    await expect(redis.get('k')).rejects.toThrow('LOADING')
    const text = await metrics.render()
    expect(text).toContain('hail_redis_command_seconds_count{command="get"} 1')
    expect(text).toContain('hail_redis_errors_total{command="get",code="HAIL_REDIS_UNAVAILABLE"} 1')
  })
})
