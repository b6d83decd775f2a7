/**
 * Who calls and what belongs to them.
 *
 * @module
 */
export { createRemoteKeySource, createSecretKeySource, type KeySource } from './key-source.ts'
export {
  actorOf,
  customerOf,
  type OwnerIds,
  requireActionOwner,
  requireRideOwner,
  requireSubject
} from './ownership.ts'
export { mintToken, type TokenRequest } from './token-mint.ts'
export {
  audienceOf,
  createTokenVerifier,
  type TokenVerifier,
  type TokenVerifierOptions,
  tokenIssuer
} from './token-verifier.ts'
