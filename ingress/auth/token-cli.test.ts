import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { decodeJwt } from 'jose'
import { expect, test } from 'vitest'

const cli = fileURLToPath(new URL('./token-cli.ts', import.meta.url))
const run = (environment: Record<string, string>) =>
  promisify(execFile)(process.execPath, ['--import', 'tsx', cli], {
    env: { PATH: process.env['PATH'] ?? '', ...environment }
  })

test('prints one token and nothing else', async () => {
  const { stdout, stderr } = await run({ ROLE: 'admin', SUB: 'a-7' })
  expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
  expect(stderr).toBe('')
  expect(decodeJwt(stdout.trim())).toMatchObject({
    sub: 'a-7',
    role: 'admin',
    aud: 'hailstream-admin',
    iss: 'hailstream'
  })
})

test('refuses in production', async () => {
  const production = {
    NODE_ENV: 'production',
    KAFKA_BROKERS: 'k:9092',
    SCHEMA_REGISTRY_URL: 'http://r',
    REDIS_URL: 'redis://r',
    MONGO_URL: 'mongodb://m/x',
    JWT_SECRET: 'a secret of thirty-two bytes or so'
  }
  await expect(run(production)).rejects.toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('NODE_ENV')
  })
})
