/**
 * Keys of personal fields: those they are encrypted with, and those of their fingerprints. Of the
 * former the first encrypts and all decrypt, so a key is rotated by putting a new one in front and
 * dropping the old one when nothing names it. How the latter rotate: docs/runbooks/pii-keys.md.
 *
 * @module
 */

import { createSecretKey, type KeyObject } from 'node:crypto'
import { ConfigError } from '../config/index.ts'

/** AES-256. */
const KEY_BYTES = 32
/** Short and without the dot that separates the parts of a ciphertext. */
const KID = /^[A-Za-z0-9_-]{1,32}$/

/** One key. A `KeyObject` does not print its bytes when it is logged or inspected. */
export type PiiKey = { readonly kid: string; readonly key: KeyObject }

/** Keys by id, in their order; `current` is the first. */
export type Keyring = {
  readonly current: PiiKey
  readonly byKid: ReadonlyMap<string, PiiKey>
}

/**
 * Reads `kid:base64,kid:base64` (32 bytes each, the first is current). Throws `ConfigError` for
 * `variable` without echoing any of it.
 */
export function parseKeyring(text: string, variable = 'PII_KEYS'): Keyring {
  const keys = text.split(',').map((item) => {
    const separator = item.indexOf(':')
    const kid = item.slice(0, separator).trim()
    if (separator < 0 || !KID.test(kid)) {
      throw refusal(variable, 'kid:base64 pairs with short kids', 'another shape')
    }
    return { kid, key: parseSecretKey(item.slice(separator + 1), `${variable} (${kid})`) }
  })
  const byKid = new Map(keys.map((key) => [key.kid, key]))
  const [current] = keys
  if (current === undefined || byKid.size !== keys.length) {
    throw refusal(variable, 'at least one key and no kid twice', `${keys.length} keys`)
  }
  return { current, byKid }
}

/** Reads one base64 key of 32 bytes. Throws `ConfigError` for `variable` without echoing it. */
function parseSecretKey(text: string, variable: string): KeyObject {
  const bytes = Buffer.from(text.trim(), 'base64')
  if (bytes.length !== KEY_BYTES) {
    throw refusal(variable, `${KEY_BYTES} bytes in base64`, `${bytes.length} bytes`)
  }
  return createSecretKey(bytes)
}

function refusal(variable: string, expected: string, got: string): ConfigError {
  return new ConfigError([{ variable, expected, got }])
}
