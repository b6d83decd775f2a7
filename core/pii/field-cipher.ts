/**
 * Encryption of single personal fields (AES-256-GCM), done at the edge before anything reaches
 * Kafka, so that topics, dead letters, stores, logs and backups hold ciphertext only.
 *
 * A ciphertext is `v1.<kid>.<iv>.<ciphertext>.<tag>`, each part base64url. The field's name and
 * the entity's id are authenticated with it, so a ciphertext copied to another person or another
 * field does not decrypt. The 96-bit IV is random: replace a key before 2^32 encryptions
 * (NIST SP 800-38D, 8.3).
 *
 * @module
 */

import { createCipheriv, createDecipheriv } from 'node:crypto'
import { systemClock } from '../clock/index.ts'
import { assertThat, SkipToDlqError } from '../errors.ts'
import type { Keyring } from './keyring.ts'

const ALGORITHM = 'aes-256-gcm'
const VERSION = 'v1'
const IV_BYTES = 12
const TAG_BYTES = 16
const BASE64URL = /^[A-Za-z0-9_-]*$/

/** Where a field lives: this binds the ciphertext to its place. */
export type FieldPlace = { readonly field: string; readonly entityId: string }

/** Encrypts `plain` for its place with the current key. `randomBytes` is for fixtures only. */
export function encryptField(
  input: FieldPlace & {
    readonly plain: string
    readonly keys: Keyring
    readonly randomBytes?: (count: number) => Buffer
  }
): string {
  const { kid, key } = input.keys.current
  const iv = input.randomBytes?.(IV_BYTES) ?? systemClock.randomBytes(IV_BYTES)
  assertThat(iv.length === IV_BYTES, `an IV has ${IV_BYTES} bytes, got ${iv.length}`)
  const cipher = createCipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES })
  cipher.setAAD(additionalData(input))
  const ciphertext = Buffer.concat([cipher.update(input.plain, 'utf8'), cipher.final()])
  const parts = [iv, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url'))
  return [VERSION, kid, ...parts].join('.')
}

/**
 * Decrypts what `encryptField` made for the same place. Throws `HAIL_PII_KEY` when the key it
 * names is not in the ring and `HAIL_PII_DECRYPT` when it is malformed, damaged or from elsewhere.
 */
export function decryptField(
  input: FieldPlace & { readonly value: string; readonly keys: Keyring }
): string {
  const { kid, iv, ciphertext, tag } = parse(input)
  const key = input.keys.byKid.get(kid)
  if (key === undefined) {
    throw new SkipToDlqError(
      'HAIL_PII_KEY',
      `field ${input.field} names key ${kid}, which is not loaded; add it to PII_KEYS and redrive`
    )
  }
  try {
    const decipher = createDecipheriv(ALGORITHM, key.key, iv, { authTagLength: TAG_BYTES })
    decipher.setAAD(additionalData(input))
    decipher.setAuthTag(tag)
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8')
  } catch (cause) {
    const message = `field ${input.field} does not authenticate with key ${kid} in this place`
    throw new SkipToDlqError('HAIL_PII_DECRYPT', message, { cause })
  }
}

/** Whether `value` was made with a key that is not current: encrypt it again when next written. */
export function isStaleCiphertext(value: string, keys: Keyring): boolean {
  return value.split('.')[1] !== keys.current.kid
}

function parse(input: FieldPlace & { readonly value: string }): {
  kid: string
  iv: Buffer
  ciphertext: Buffer
  tag: Buffer
} {
  const parts = input.value.split('.')
  const [version, kid = '', iv = '', ciphertext = '', tag = ''] = parts
  const encoded = [iv, ciphertext, tag]
  const bytes = encoded.map((part) => Buffer.from(part, 'base64url'))
  const [ivBytes, ciphertextBytes, tagBytes] = bytes
  // Encoding back must give the same text: two texts for one ciphertext would defeat comparison.
  const isCanonical =
    encoded.every((part) => BASE64URL.test(part)) &&
    bytes.every((part, index) => part.toString('base64url') === encoded[index])
  if (
    parts.length !== 5 ||
    version !== VERSION ||
    !isCanonical ||
    ivBytes?.length !== IV_BYTES ||
    tagBytes?.length !== TAG_BYTES ||
    ciphertextBytes === undefined
  ) {
    const message = `field ${input.field} is not a ${VERSION} ciphertext of five parts`
    throw new SkipToDlqError('HAIL_PII_DECRYPT', message)
  }
  return { kid, iv: ivBytes, ciphertext: ciphertextBytes, tag: tagBytes }
}

/** JSON keeps the two apart whatever they contain. */
function additionalData({ field, entityId }: FieldPlace): Buffer {
  return Buffer.from(JSON.stringify([VERSION, field, entityId]))
}
