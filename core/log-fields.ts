/**
 * What may be logged. An allow-list, because a deny-list misses the field somebody adds tomorrow:
 * ids, sizes, codes, durations, places in the log, counts and addresses pass; any other field is
 * dropped and counted in `droppedFields`. As a second net, text that passes is scrubbed of what
 * looks like a social security number, an e-mail address or a password in a URL.
 *
 * @module
 */

import { describeForeignError, isHailError } from './errors.ts'

const TEXT_CHARACTERS_MAX = 1024
const ITEMS_MAX = 32
const CAUSES_MAX = 4
const STACK_LINES_MAX = 16

/** Names that pass as they are. */
const NAMES = new Set(
  `action address addresses app attempt bytes check checks client code commit component connector
  correlationId count cron database dependency detail direction durationMs enabled environment
  epoch event from generation group host instance kid kind lag level limit market member method
  metric mode name node offset offsets operation outcome partition partitions path phase pid port
  position positions process protocol reaction reason record records region retry role roles route
  scale schema script seed seq service services session signal size state status statusCode
  step store stores subject subjects sub task tasks template to topic topics topology total traceId
  transition trigger type variable verb version worker`.split(/\s+/)
)

/** Names that pass by how they end: ids, units and counts. */
const ENDINGS =
  /^[a-z][A-Za-z0-9]*(?:Id|Ids|Ms|Seconds|Bytes|Meters|Percent|Ratio|Count|Counts|Max|Min|Total|Offset|Offsets|Partition|Partitions|Epoch|Version|Generation|Index|Port|Rate|Size|Status|Code|Topic|Group|At)$/

const ERROR_NAMES = new Set(['error', 'err', 'cause'])

/** Fields as they are logged. */
export type CleanFields = Record<string, unknown>

/** Whether a field of this name may be logged. */
export function isLoggable(name: string): boolean {
  return NAMES.has(name) || ENDINGS.test(name)
}

/** Drops what is not allowed and scrubs what is. Never throws. */
export function cleanFields(fields: Readonly<Record<string, unknown>>): CleanFields {
  const clean: CleanFields = {}
  let droppedFields = 0
  try {
    for (const [name, value] of Object.entries(fields)) {
      if (value === undefined) continue
      const shown = ERROR_NAMES.has(name) ? describeError(value) : cleanField(name, value)
      if (shown === undefined) droppedFields += 1
      else clean[name] = shown
    }
  } catch {
    // A getter or proxy that throws must not take the caller down with it.
    droppedFields += 1
  }
  if (droppedFields > 0) clean['droppedFields'] = droppedFields
  return clean
}

function cleanField(name: string, value: unknown): unknown {
  if (!isLoggable(name)) return undefined
  if (!Array.isArray(value)) return cleanScalar(value)
  const items = value.slice(0, ITEMS_MAX).map(cleanScalar)
  if (items.includes(undefined)) return undefined
  if (value.length > ITEMS_MAX) items.push(`${value.length - ITEMS_MAX} more`)
  return items
}

/** Objects are dropped: their fields would need an allow-list of their own. */
function cleanScalar(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
      return scrub(value)
    case 'bigint':
      return value.toString()
    case 'number':
    case 'boolean':
      return value
    default:
      return value === null ? null : undefined
  }
}

/** Replaces what looks like a social security number, an e-mail address or a URL's password. */
export function scrub(text: string): string {
  return text
    .slice(0, TEXT_CHARACTERS_MAX)
    .replace(/(:\/\/)[^/\s@]*@/g, '$1***@')
    .replace(/(?<![\w.-])\d{3}([-. ]?)\d{2}\1\d{4}(?!\w|-\w)/g, '***')
    .replace(/[\w.+%-]+@[\w-]+(?:\.[\w-]+)+/g, '***')
}

/** An error as it is logged. */
type LoggedError = {
  name: string
  code?: string
  reaction?: string
  message: string
  stack?: string
  cause?: LoggedError
}

/**
 * Ours are shown with their message, which never carries personal data; foreign ones by class and
 * code only, as their messages may quote a payload. Stacks are shown without the message line.
 */
function describeError(value: unknown, depth = 0): LoggedError {
  const logged: LoggedError = isHailError(value)
    ? {
        name: value.name,
        code: value.code,
        reaction: value.reaction,
        message: scrub(value.message)
      }
    : { name: 'foreign', message: describeForeignError(value) }
  try {
    if (value instanceof Error) {
      const stack = framesOf(value)
      if (stack !== '') logged.stack = stack
      if (value.cause !== undefined && depth < CAUSES_MAX) {
        logged.cause = describeError(value.cause, depth + 1)
      }
    }
  } catch {
    logged.stack = 'unreadable'
  }
  return logged
}

/** Only lines that are frames: a message may span lines and stands in front of them. */
function framesOf(error: Error): string {
  const stack = typeof error.stack === 'string' ? error.stack : ''
  const message = String(error.message)
  const start = message === '' ? 0 : stack.indexOf(message) + message.length
  const frames = stack
    .slice(Math.max(0, start))
    .split('\n')
    .filter((line) => /^ {4}at .*(?:[:\d]+\)?|<anonymous>\)?|native\)?)$/.test(line))
  return scrub(frames.slice(0, STACK_LINES_MAX).join('\n'))
}
