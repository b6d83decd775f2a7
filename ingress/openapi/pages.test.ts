import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { problemCodes, problemTable, problemType } from '../http/index.ts'
import { apiRoutes } from '../routes.ts'
import { startTestIngress, type TestIngress } from '../testing/test-ingress.ts'

let it: TestIngress

beforeAll(async () => {
  it = await startTestIngress()
})
afterAll(() => it.ingress.drain())

describe('the description', () => {
  test('is served without a token, and is the committed one', async () => {
    const served = await it.get('/openapi.json')
    const committed = new URL('../../docs/openapi.json', import.meta.url)
    expect(served.status).toBe(200)
    expect(served.body).toEqual(JSON.parse(readFileSync(committed, 'utf8')))
  })

  test('has every route, each with examples, schemas and its roles', () => {
    for (const { method, path, example, body, responses, roles } of apiRoutes) {
      const name = `${method} ${path}`
      const params = [...path.matchAll(/:(\w+)/g)].map(([, param]) => param)
      expect([name, Object.keys(example?.params ?? {})]).toEqual([name, params])
      if (body !== undefined) expect([name, example?.body]).not.toEqual([name, undefined])
      expect(roles.length, name).toBeGreaterThan(0)
      for (const [status, response] of Object.entries(responses)) {
        // Has no body.
        if (status === '304') continue
        expect(response.schema, name).toBeDefined()
        expect(response.example, name).toBeDefined()
      }
    }
  })

  test('is answered from memory with 304 when it is the same', async () => {
    const first = await fetch(`${it.url}/openapi.json`)
    const etag = first.headers.get('etag') ?? ''
    await first.text()
    for (const named of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const again = await fetch(`${it.url}/openapi.json`, { headers: { 'if-none-match': named } })
      expect([again.status, await again.text()]).toEqual([304, ''])
      expect(again.headers.get('etag')).toBe(etag)
    }
    const other = await fetch(`${it.url}/openapi.json`, { headers: { 'if-none-match': '"x"' } })
    expect(other.status).toBe(200)
    expect(other.headers.get('cache-control')).toBe('public, max-age=60')
    await other.text()
  })
})

describe('the page', () => {
  const read = async () => {
    const response = await fetch(`${it.url}/docs`)
    return { response, text: await response.text() }
  }

  test('loads nothing, runs nothing and lets nothing else do so', async () => {
    const { response, text } = await read()
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const policy = response.headers.get('content-security-policy') ?? ''
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; /)
    expect(text).not.toMatch(/<(script|link|img|iframe|object|embed)\b|\bsrc=|\bstyle=|\bon\w+="/)
    const links = [...text.matchAll(/href="([^"]+)"/g)].map(([, target = '']) => target)
    expect(links.filter((target) => /^(\w+:)?\/\//.test(target))).toEqual([])
    const ids = new Set([...text.matchAll(/id="([^"]+)"/g)].map(([, id]) => `#${id}`))
    const local = links.filter((target) => target.startsWith('#'))
    expect(local.filter((target) => !ids.has(target))).toEqual([])
  })

  test('shows every route', async () => {
    const { text } = await read()
    for (const { path } of apiRoutes) {
      expect(text).toContain(`<code>${path.replace(/:(\w+)/g, '{$1}')}</code>`)
    }
  })
})

describe('problems', () => {
  test.each(problemCodes)('%s is explained at its place', async (code) => {
    const { status, body } = await it.get(`/problems/${code}`)
    expect([status, body]).toEqual([200, { code, type: problemType(code), ...problemTable[code] }])
  })

  test('an unknown one is no route', async () => {
    const { status, body } = await it.get('/problems/nonsense')
    expect([status, body['code']]).toEqual([404, 'route_not_found'])
  })

  test('keep their types, on which clients rely', () => {
    expect(problemCodes.map(problemType)).toContain('urn:hailstream:problem:rate-limited')
    expect(new Set(problemCodes.map(problemType)).size).toBe(problemCodes.length)
  })
})

test('an address over its limit gets no page', async () => {
  const limited = await startTestIngress({ LIMIT_ADDRESS: '2' })
  const statuses = []
  for (let index = 0; index < 12; index += 1) {
    statuses.push((await limited.get('/problems/draining')).status)
  }
  await limited.ingress.drain()
  expect(statuses.slice(0, 2)).toEqual([200, 200])
  expect(statuses).toContain(429)
})
