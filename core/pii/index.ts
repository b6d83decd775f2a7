/**
 * Encryption and fingerprints of personal fields.
 *
 * @module
 */

export { decryptField, encryptField, type FieldPlace, isStaleCiphertext } from './field-cipher.ts'
export { type Fingerprint, fingerprintField, fingerprintsOfField } from './field-fingerprint.ts'
export { type Keyring, type PiiKey, parseKeyring } from './keyring.ts'
