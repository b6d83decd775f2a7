/**
 * Structured logs: one JSON object a line on standard output, by pino, with allow-listed fields
 * only (see log-fields.ts). Messages are constant sentences; what varies goes into fields.
 *
 * @module
 */

import pino from 'pino'
import { cleanFields, scrub } from './log-fields.ts'

/** The least severe level that is written. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/** Fields of a line. Names that are not allow-listed are dropped and counted. */
export type LogFields = Readonly<Record<string, unknown>>

/** Writes lines. Never throws. An error goes into the field `error`. */
export type Logger = {
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
  fatal(fields: LogFields, message: string): void
  /** A logger that adds `bindings` to each line. */
  child(bindings: LogFields): Logger
}

/** Where lines go; standard output unless a test says otherwise. */
export type LogDestination = { write(line: string): void }

/** `name` is the process; `bindings` are added to each line. */
export type LoggerOptions = {
  readonly name: string
  readonly level?: LogLevel
  readonly bindings?: LogFields
  readonly destination?: LogDestination
}

/** Creates the logger of a process. Writes are synchronous, so the last words before an exit appear. */
export function createLogger(options: LoggerOptions): Logger {
  const { name, level = 'info', bindings = {} } = options
  const destination = options.destination ?? pino.destination({ dest: 1, sync: true })
  const base = pino(
    {
      level,
      base: { name, pid: process.pid },
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) }
    },
    destination
  )
  return wrap(base.child(cleanFields(bindings)))
}

/** A logger that writes nothing, for tests. */
export const silentLogger: Logger = createLogger({
  name: 'silent',
  level: 'silent',
  destination: { write: () => undefined }
})

function wrap(target: pino.Logger): Logger {
  const at = (level: pino.Level) => {
    return (fields: LogFields, message: string): void => {
      if (target.isLevelEnabled(level)) target[level](cleanFields(fields), '%s', scrub(message))
    }
  }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
    child: (bindings) => wrap(target.child(cleanFields(bindings)))
  }
}
