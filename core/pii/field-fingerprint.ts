/**
 * Fingerprints that find equal personal values without decrypting them. There are fewer than
 * 10^9 social security numbers, so a plain or salted hash can be reversed by trying them all:
 * safety rests on the key alone, which is therefore not one of the encryption keys.
 *
 * @module
 */

import { createHmac, hkdfSync, type KeyObject } from 'node:crypto'
import type { Keyring } from './keyring.ts'

/**
 * HMAC-SHA-256 in hex (64 characters) of an already normalised value, under a key derived for the
 * field by HKDF, so equal values of two fields have unlike fingerprints.
 */
export function fingerprintField(input: {
  readonly plain: string
  readonly field: string
  readonly key: KeyObject
}): string {
  const info = `hailstream.pii.fingerprint.${input.field}`
  const fieldKey = hkdfSync('sha256', input.key, Buffer.alloc(0), info, 32)
  return createHmac('sha256', Buffer.from(fieldKey)).update(input.plain, 'utf8').digest('hex')
}

/** A fingerprint and the id of its key. */
export type Fingerprint = { readonly kid: string; readonly fingerprint: string }

/** The fingerprints of a value under every key, oldest key first and the current one last. */
export function fingerprintsOfField(input: {
  readonly plain: string
  readonly field: string
  readonly keys: Keyring
}): readonly Fingerprint[] {
  const { plain, field, keys } = input
  return [...keys.byKid.values()]
    .reverse()
    .map(({ kid, key }) => ({ kid, fingerprint: fingerprintField({ plain, field, key }) }))
}
