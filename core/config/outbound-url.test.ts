import { expect, test } from 'vitest'
import { requireOutboundUrl } from './outbound-url.ts'

const check = (url: string, isProduction = true): void =>
  requireOutboundUrl('JWKS_URL', url, { isProduction })

test.each([
  'https://id.example.com/jwks',
  'https://10.1.2.3/jwks',
  'https://[2001:db8::1]/jwks',
  'https://fcm.googleapis.com/push'
])('production may call %s', (url) => {
  expect(() => check(url)).not.toThrow()
})

test.each([
  'http://id.example.com/jwks',
  'https://user:secret@id.example.com/jwks',
  'https://localhost/jwks',
  'https://LOCALHOST./jwks',
  'https://127.0.0.1/jwks',
  'https://127.1/jwks',
  'https://2130706433/jwks',
  'https://0x7f000001/jwks',
  'https://0.0.0.0/jwks',
  'https://169.254.169.254/latest/meta-data',
  'https://metadata.google.internal/computeMetadata',
  'https://[::1]/jwks',
  'https://[::]/jwks',
  'https://[::ffff:169.254.169.254]/jwks',
  'https://[fe80::1]/jwks',
  'https://[fd00:ec2::254]/jwks'
])('production may not call %s, and the refusal does not repeat it', (url) => {
  expect(() => check(url)).toThrow(
    expect.objectContaining({ code: 'HAIL_CONFIG', message: expect.not.stringContaining('jwks') })
  )
  expect(() => check(url, false)).not.toThrow()
})
