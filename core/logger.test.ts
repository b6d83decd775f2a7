import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RetryError, toHailError } from './errors.ts'
import { scrub } from './log-fields.ts'
import { createLogger, type Logger, type LogLevel } from './logger.ts'

const SSN = '123-45-6789'
const EMAIL = 'rider@example.com'

function capture(level: LogLevel = 'debug'): {
  logger: Logger
  lines: () => unknown[]
  text: () => string
} {
  let text = ''
  const destination = {
    write: (line: string) => {
      text += line
    }
  }
  const logger = createLogger({ name: 'test', level, destination })
  const lines = () =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line): unknown => JSON.parse(line))
  return { logger, lines, text: () => text }
}

describe('the logger', () => {
  test('writes allowed fields as one JSON line', () => {
    const { logger, lines } = capture()
    logger.info(
      {
        topic: 'rides',
        partition: 3,
        offset: 42n,
        rideId: 'r1',
        durationMs: 7,
        partitions: [0, 1]
      },
      'committed'
    )
    expect(lines()).toEqual([
      {
        level: 'info',
        time: expect.any(String),
        name: 'test',
        pid: process.pid,
        topic: 'rides',
        partition: 3,
        offset: '42',
        rideId: 'r1',
        durationMs: 7,
        partitions: [0, 1],
        message: 'committed'
      }
    ])
  })

  test('drops and counts what is not allow-listed', () => {
    const { logger, lines } = capture()
    logger.warn(
      { ssn: SSN, firstName: 'Ann', body: { ssn: SSN }, status: { ssn: SSN }, code: 1 },
      'm'
    )
    expect(lines()).toMatchObject([{ code: 1, droppedFields: 4 }])
    expect(lines()[0]).not.toHaveProperty('firstName')
  })

  test('adds the bindings of a child, allow-listed too', () => {
    const { logger, lines } = capture()
    logger.child({ task: 'trips/rides', correlationId: 'c', email: EMAIL }).error({}, 'm')
    expect(lines()).toMatchObject([{ task: 'trips/rides', correlationId: 'c', droppedFields: 1 }])
  })

  test('writes nothing below its level', () => {
    const { logger, text } = capture('warn')
    logger.info({}, 'm')
    expect(text()).toBe('')
  })

  test('shows our errors with message and frames, foreign ones by class and code', () => {
    const { logger, lines, text } = capture()
    const cause = Object.assign(new Error('the secret of the row'), { code: 'ECONNRESET' })
    logger.error({ error: new RetryError('HAIL_TIMEOUT', 'no answer', { cause }) }, 'failed')
    expect(lines()).toMatchObject([
      {
        error: {
          name: 'RetryError',
          code: 'HAIL_TIMEOUT',
          reaction: 'retry',
          message: 'no answer',
          stack: expect.stringContaining('logger.test.ts'),
          cause: { name: 'foreign', message: 'Error ECONNRESET' }
        }
      }
    ])
    expect(text()).not.toContain('secret of the row')
  })

  test('never throws, whatever is logged', () => {
    const { logger } = capture()
    fc.assert(
      fc.property(fc.anything(), fc.string(), (value, message) => {
        logger.info({ error: value, status: value, code: value, x: value }, message)
        logger.info(value as Record<string, unknown>, message)
      })
    )
  })
})

describe('a canary', () => {
  const circular: Record<string, unknown> = { ssn: SSN }
  circular['self'] = circular
  const multiline = new Error(`first\n    at ${SSN} (${EMAIL}:1:1)\nlast ${SSN}`)
  const named = Object.assign(new Error('m'), { name: SSN, code: SSN, syscall: EMAIL })
  const nested = new RetryError('HAIL_TIMEOUT', `m ${SSN} ${EMAIL}`, {
    cause: new Error(SSN, { cause: { ssn: SSN } })
  })
  const paths: Record<string, (logger: Logger) => void> = {
    'an unknown field': (logger) => logger.info({ ssn: SSN, email: EMAIL }, 'm'),
    'an allowed field': (logger) => logger.info({ rideId: SSN, reason: `is ${SSN}` }, 'm'),
    'an allowed field of digits': (logger) => logger.info({ detail: 'is 123456789' }, 'm'),
    'a nested object': (logger) => logger.info({ status: { code: SSN }, body: circular }, 'm'),
    'an array': (logger) => logger.info({ topics: [SSN, { ssn: SSN }], subjects: [EMAIL] }, 'm'),
    'the message': (logger) => logger.info({}, `%s %o ${SSN} ${EMAIL}`),
    'a binding': (logger) => logger.child({ ssn: SSN, task: SSN }).info({}, 'm'),
    'the message of our error': (logger) => logger.error({ error: nested }, 'm'),
    'the message of a foreign error': (logger) => logger.error({ error: new Error(SSN) }, 'm'),
    'the lines of a message': (logger) => logger.error({ error: multiline, err: multiline }, 'm'),
    'the name and code of an error': (logger) => logger.error({ error: named }, 'm'),
    'a wrapped error': (logger) => logger.fatal({ error: toHailError(multiline) }, 'm'),
    'a thrown string': (logger) => logger.error({ error: SSN, cause: { ssn: SSN } }, 'm'),
    'an error in an unknown field': (logger) => logger.error({ failure: multiline }, 'm'),
    'an error in an allowed field': (logger) => logger.error({ reason: multiline }, 'm'),
    'a field with toJSON': (logger) => logger.info({ reason: { toJSON: () => SSN } }, 'm'),
    'the password of a URL': (logger) => logger.info({ address: `redis://u:${SSN}@h:1` }, 'm')
  }

  for (const [path, log] of Object.entries(paths)) {
    test(`does not get out through ${path}`, () => {
      const { logger, text } = capture()
      log(logger)
      expect(text()).not.toBe('')
      expect(text()).not.toMatch(/123-?45-?6789/)
      expect(text()).not.toContain(EMAIL)
    })
  }
})

describe('scrub', () => {
  test('leaves ids, times, offsets in places and addresses alone', () => {
    for (const text of [
      '2026-03-01T10:00:00.123Z',
      'ride_events-3@123456789012',
      'c-0123456789abcdef0123',
      '10.0.0.1:9092',
      'r.1f/3/d-123456789'
    ]) {
      expect(scrub(text)).toBe(text)
    }
  })

  test('finds a number however it is written', () => {
    const digits = (count: number) => fc.stringMatching(new RegExp(`^\\d{${count}}$`))
    const surroundings = fc.constantFrom(['', ''], ['ssn=', ';'], ['is ', '.'], ['"', '"'])
    fc.assert(
      fc.property(
        fc.tuple(digits(3), digits(2), digits(4)),
        fc.constantFrom('', '-', ' ', '.'),
        surroundings,
        (parts, separator, [before, after]) => {
          const ssn = parts.join(separator)
          expect(scrub(`${before}${ssn}${after}`)).toBe(`${before}***${after}`)
        }
      )
    )
  })
})
