/**
 * The markets a process serves: the built-in ones, or those of a JSON file.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { createMarkets, defaultMarkets, type Market, type Markets } from '../domain/index.ts'
import { ConfigError } from './config/index.ts'
import { describeForeignError } from './errors.ts'

/**
 * Markets of `file`, a JSON array of `Market` objects; the built-in markets when it is null.
 * Throws `ConfigError` naming MARKETS_FILE when the file cannot be read or describes no markets.
 */
export function loadMarkets(file: string | null): Markets {
  if (file === null) return createMarkets(defaultMarkets)
  try {
    return createMarkets(checkMarkets(JSON.parse(readFileSync(file, 'utf8'))))
  } catch (error) {
    const got = `${file}: ${describeForeignError(error)}`
    throw new ConfigError([{ variable: 'MARKETS_FILE', expected: 'a JSON array of markets', got }])
  }
}

const SHAPE = {
  id: 'string',
  name: 'string',
  polygon: 'object',
  split: 'boolean',
  timezone: 'string',
  partition: 'number',
  tariff: 'object'
} as const

/** Types of the top level; the rest is checked where markets are made. */
function checkMarkets(parsed: unknown): Market[] {
  if (!Array.isArray(parsed) || parsed.length === 0) throw new TypeError('no array of markets')
  for (const [index, market] of parsed.entries()) {
    for (const [name, type] of Object.entries(SHAPE)) {
      const got = typeof (market as Record<string, unknown>)[name]
      if (got !== type) throw new TypeError(`market ${index}: ${name} is ${got}, not ${type}`)
    }
  }
  return parsed as Market[]
}
