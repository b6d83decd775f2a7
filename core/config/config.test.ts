import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { ConfigError, defineConfig, describeConfig } from './index.ts'

const config = defineConfig({
  PORT: { type: 'int', default: 8080, min: 0, max: 65_535, doc: 'HTTP port.' },
  SPEED: { type: 'number', default: 1.5, min: 0, doc: 'Speed | factor.' },
  HOLD: { type: 'duration-ms', default: 5_000, max: 3_600_000, doc: 'Hold.' },
  BUFFER: { type: 'bytes', default: 1_024, doc: 'Buffer.' },
  MODE: { type: 'enum', values: ['fast', 'safe'], default: 'safe', doc: 'Mode.' },
  ON: { type: 'bool', default: false, doc: 'Switch.' },
  HOSTS: { type: 'list', default: 'a,b', doc: 'Hosts.' },
  NOTE: { type: 'string', default: null, doc: 'Note.' },
  HOME: { type: 'url', protocols: ['http:'], default: 'http://x', doc: 'Home.' },
  TOKEN: { type: 'string', minLength: 8, secret: true, developmentDefault: 'dev-token', doc: 'T.' },
  SCALE: { type: 'number', default: 1, productionValue: 1, doc: 'Scale.' }
})

function problemsOf(environment: Record<string, string>): unknown {
  try {
    config.load(environment)
    return null
  } catch (error) {
    return error instanceof ConfigError ? error.problems : error
  }
}

describe('defineConfig', () => {
  test('gives typed defaults when nothing is set', () => {
    const values = config.load({ NOTE: '  ' })
    expectTypeOf(values.PORT).toEqualTypeOf<number>()
    expectTypeOf(values.MODE).toEqualTypeOf<'fast' | 'safe'>()
    expectTypeOf(values.NOTE).toEqualTypeOf<string | null>()
    expectTypeOf(values.HOSTS).toEqualTypeOf<readonly string[]>()
    expect(values).toEqual({
      PORT: 8080,
      SPEED: 1.5,
      HOLD: 5_000,
      BUFFER: 1_024,
      MODE: 'safe',
      ON: false,
      HOSTS: ['a', 'b'],
      NOTE: null,
      HOME: 'http://x',
      TOKEN: 'dev-token',
      SCALE: 1
    })
  })

  test('reads each type from text', () => {
    expect(
      config.load({
        PORT: ' 0 ',
        SPEED: '0.25',
        HOLD: '15m',
        BUFFER: '2 MiB',
        MODE: 'fast',
        ON: 'true',
        HOSTS: 'x:1, y:2',
        NOTE: 'n',
        HOME: 'http://h/p',
        TOKEN: '12345678',
        SCALE: '60'
      })
    ).toEqual({
      PORT: 0,
      SPEED: 0.25,
      HOLD: 900_000,
      BUFFER: 2 * 1024 ** 2,
      MODE: 'fast',
      ON: true,
      HOSTS: ['x:1', 'y:2'],
      NOTE: 'n',
      HOME: 'http://h/p',
      TOKEN: '12345678',
      SCALE: 60
    })
  })

  test('names every bad variable, what was expected and what was got', () => {
    expect(
      problemsOf({
        PORT: '70000',
        SPEED: '1e3',
        HOLD: '2h',
        BUFFER: '1 MB',
        MODE: 'quick',
        ON: 'yes',
        HOSTS: 'a,,b',
        HOME: 'ftp://h'
      })
    ).toEqual([
      { variable: 'PORT', expected: 'an integer from 0 to 65535', got: "'70000'" },
      { variable: 'SPEED', expected: 'a number of at least 0', got: "'1e3'" },
      {
        variable: 'HOLD',
        expected: 'milliseconds, or a number with ms, s, m, h or d of at most 3600000',
        got: "'2h'"
      },
      { variable: 'BUFFER', expected: 'bytes, or a number with B, KiB, MiB or GiB', got: "'1 MB'" },
      { variable: 'MODE', expected: 'one of fast, safe', got: "'quick'" },
      { variable: 'ON', expected: 'true or false', got: "'yes'" },
      { variable: 'HOSTS', expected: 'a comma separated list without empty items', got: "'a,,b'" },
      { variable: 'HOME', expected: 'a URL that starts with http:', got: "'ftp://h'" }
    ])
    expect(() => config.load({ PORT: 'x' })).toThrow(
      expect.objectContaining({
        code: 'HAIL_CONFIG',
        reaction: 'fatal',
        message: expect.stringContaining("PORT: expected an integer from 0 to 65535, got 'x'")
      })
    )
  })

  test('does not echo a bad secret', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[!-~]{4,7}$/), (secret) => {
        const [problem] = problemsOf({ TOKEN: secret }) as { got: string }[]
        expect(problem?.got).toBe('a value kept secret')
      })
    )
  })

  test('refuses missing secrets, development secrets and scaled time in production', () => {
    const NODE_ENV = 'production'
    expect(problemsOf({ NODE_ENV })).toEqual([
      { variable: 'TOKEN', expected: 'a value, as production has no default', got: 'nothing' }
    ])
    expect(problemsOf({ NODE_ENV, TOKEN: 'dev-token', SCALE: '60' })).toEqual([
      {
        variable: 'TOKEN',
        expected: 'a secret of its own in production',
        got: 'the development secret'
      },
      { variable: 'SCALE', expected: '1 in production', got: "'60'" }
    ])
    expect(problemsOf({ NODE_ENV, TOKEN: 'own-token', SCALE: '1' })).toBeNull()
  })

  test('reads back any duration it could have been given', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3_600 }), (seconds) => {
        expect(config.load({ HOLD: `${seconds}s` }).HOLD).toBe(seconds * 1_000)
      })
    )
  })

  test('refuses names no shell could set', () => {
    expect(() => defineConfig({ port: { type: 'int', doc: 'd' } })).toThrow(ConfigError)
  })
})

test('describeConfig writes a table that shows defaults but no secrets', () => {
  const page = describeConfig([{ title: 'Shared', definitions: config.definitions }])
  expect(page).toContain('## Shared')
  expect(page).toContain('| `PORT` | int from 0 to 65535 | `8080` | HTTP port. |')
  expect(page).toContain('| `NOTE` | string | none | Note. |')
  expect(page).toContain('| `SPEED` | number of at least 0 | `1.5` | Speed \\| factor. |')
  expect(page).toContain(
    '| `TOKEN` | string, secret | a development secret; production: required | T. |'
  )
  expect(page).toContain('| `SCALE` | number | `1`; only `1` in production | Scale. |')
  expect(page).not.toContain('dev-token')
})
