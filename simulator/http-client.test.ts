import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../core/index.ts'
import { createHttpClient } from './http-client.ts'

const get = { method: 'GET', path: '/', headers: {}, body: null, timeoutMs: 5_000 } as const
let server: Server

async function clientOf(handle: Parameters<typeof createServer>[1]) {
  server = createServer(handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return createHttpClient({ baseUrl: `http://127.0.0.1:${port}`, clock: systemClock })
}

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

describe('an exchange', () => {
  test('carries a body both ways and keeps its connection', async () => {
    let connections = 0
    const http = await clientOf((request, response) => {
      request.on('data', (chunk) => response.write(chunk))
      request.on('end', () => response.end())
    })
    server.on('connection', () => {
      connections += 1
    })
    const post = { ...get, method: 'POST', body: '{"name":"José"}' } as const
    expect((await http.exchange(post)).text).toBe('{"name":"José"}')
    expect((await http.exchange(post)).status).toBe(200)
    expect(connections).toBe(1)
    http.close()
  })

  test('fails when no answer comes in time, and when the answer breaks off', async () => {
    const http = await clientOf((request, response) => {
      if (request.url !== '/half') return
      response.writeHead(200, { 'content-length': '100' }).write('x')
      response.destroy()
    })
    await expect(http.exchange({ ...get, timeoutMs: 20 })).rejects.toThrow('within 20 ms')
    await expect(http.exchange({ ...get, path: '/half' })).rejects.toThrow()
    http.close()
  })

  test('ends with the signal', async () => {
    const stop = new AbortController()
    const http = await clientOf(() => stop.abort())
    await expect(http.exchange({ ...get, signal: stop.signal })).rejects.toThrow('aborted')
    http.close()
  })
})
