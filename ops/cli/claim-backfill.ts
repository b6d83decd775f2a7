/**
 * @module Claims every registered number under the current key of its fingerprints, for the sign-up
 * that registered it: the middle step of a rotation of `PII_HMAC_KEYS`
 * (docs/runbooks/pii-keys.md). What is granted already is granted again, so it may be run as often as
 * wanted. Numbers are decrypted in memory, one batch at a time, and never written. What stands under the
 * old key is read back in the end: a claim of somebody who was not found would be lost with that key.
 */
import { type Codec, changelogTopic, learning, type SsnClaim, topics } from '../../avro/index.ts'
import {
  type Clock,
  ConfigError,
  decryptField,
  type Environment,
  fingerprintField,
  type Keyring,
  RetryError,
  readSharedConfig
} from '../../core/index.ts'
import {
  type Fetcher,
  type KafkaAdmin,
  type KafkaProducer,
  partitionForKey
} from '../../core/kafka/index.ts'
import { emailKeyOfSignup } from '../../domain/index.ts'

/** A registered person. */
export interface RegisteredUser {
  readonly userId: string
  readonly signupId: string
  readonly role: 'CUSTOMER' | 'DRIVER'
  readonly ssnCipher: string
}

/** The keys in use. */
export interface RotationKeys {
  readonly piiKeys: Keyring
  readonly piiHmacKeys: Keyring
}

/**
 * The keys as the environment gives them. A forgotten variable must not mean the development key, which
 * everybody knows, and one key alone is no rotation.
 * @throws ConfigError naming the variable
 */
export function readRotationKeys(environment: Environment): RotationKeys {
  for (const variable of ['PII_KEYS', 'PII_HMAC_KEYS']) {
    if (environment[variable]) continue
    throw new ConfigError([{ variable, expected: 'the keys of the ingress', got: 'nothing' }])
  }
  const keys = readSharedConfig(environment, { secrets: ['piiKeys', 'piiHmacKeys'] }).secrets
  if (keys.piiHmacKeys.byKid.size > 1) return keys
  const expected = 'the new key, then the old one'
  throw new ConfigError([{ variable: 'PII_HMAC_KEYS', expected, got: 'one key' }])
}

/** What the backfill works with. */
export interface BackfillPorts {
  readonly admin: KafkaAdmin
  readonly fetcher: Fetcher
  readonly producer: KafkaProducer
  readonly codec: Codec
  readonly clock: Clock
}

/** How it went. The old key may go when there were users and nobody is in one of the lists. */
export interface BackfillReport {
  readonly keyId: string
  readonly users: number
  readonly granted: number
  /** Sign-ups whose number belongs to another sign-up under the current key. */
  readonly conflicts: readonly string[]
  /** Sign-ups whose claim was not answered in time: run it again. */
  readonly unanswered: readonly string[]
  /** Sign-ups whose number cannot be decrypted, so nobody can claim it under another key. */
  readonly unreadable: readonly string[]
  /** Sign-ups that hold a number and are none of the users. */
  readonly missing: readonly string[]
}

/** Whether everybody found has the current key. */
export function isComplete(report: BackfillReport): boolean {
  const { users, conflicts, unanswered, unreadable, missing } = report
  return (
    users > 0 && [conflicts, unanswered, unreadable, missing].every(({ length }) => length === 0)
  )
}

const committedChunks = {
  maxWaitMs: 200,
  maxBytesPerPartition: 1 << 20,
  maxBytes: 4 << 20,
  isolation: 'committed'
} as const
/** Users claimed at a time; the next batch begins when all are answered. */
const batchUsers = 500
/** A claim is answered within two commits of 100 ms; this is an outage. */
const answerMsMax = 60_000

/** The claim of a registered number under the current key. Throws `HAIL_PII_*` for a bad cipher. */
export function backfillClaim(
  { userId, signupId, role, ssnCipher }: RegisteredUser,
  { piiKeys, piiHmacKeys }: RotationKeys,
  nowMs: number
): SsnClaim {
  const plain = decryptField({ field: 'ssn', entityId: userId, value: ssnCipher, keys: piiKeys })
  const ssnKey = fingerprintField({ plain, field: 'ssn', key: piiHmacKeys.current.key })
  return {
    ssnKey,
    signupId,
    emailKey: emailKeyOfSignup(signupId) ?? '',
    role,
    claimedAt: nowMs
  }
}

/** Claims the numbers of all `users` and waits for the answers. */
export async function backfillClaims(
  users: AsyncIterable<RegisteredUser>,
  keys: RotationKeys,
  ports: BackfillPorts
): Promise<BackfillReport> {
  const startMs = ports.clock.now()
  const positions = await endsOfResults(ports.admin)
  // The one thing that grows with the number of people: about 100 bytes each.
  const found = new Set<string>()
  const conflicts: string[] = []
  const unanswered: string[] = []
  const unreadable: string[] = []
  let count = 0
  for await (const batch of inBatches(users)) {
    count += batch.length
    for (const { signupId } of batch) found.add(signupId)
    const waiting = new Map<string, string>()
    const claims = batch.flatMap((user) => {
      try {
        return [backfillClaim(user, keys, ports.clock.now())]
      } catch {
        unreadable.push(user.signupId)
        return []
      }
    })
    for (const claim of claims) waiting.set(claimId(claim), claim.signupId)
    await sendClaims(claims, ports)
    conflicts.push(...(await takeAnswers(waiting, positions, ports)))
    unanswered.push(...waiting.values())
  }
  const granted = count - conflicts.length - unanswered.length - unreadable.length
  const keyId = keys.piiHmacKeys.current.kid
  const missing = await holdersBefore(startMs, found, ports)
  return { keyId, users: count, granted, conflicts, unanswered, unreadable, missing }
}

/** Sign-ups that were granted a number before the start and are not `found`. */
async function holdersBefore(
  startMs: number,
  found: ReadonlySet<string>,
  { admin, fetcher, codec, clock }: BackfillPorts
): Promise<string[]> {
  const missing = new Set<string>()
  const topic = changelogTopic({ app: 'signups', sub: 'claims', store: 'ssns' })
  for (const [partition, { logStart, high }] of await admin.endOffsets(topic)) {
    let deadlineMs = clock.monotonic() + answerMsMax
    for (let offset = logStart; offset < high; ) {
      const [fetched] = await fetcher.fetch([{ topic, partition, offset }], committedChunks)
      // Without an error too: a transaction that nobody ends holds the records behind it back.
      if (fetched === undefined || fetched.offsetNext === offset) {
        if (clock.monotonic() < deadlineMs) continue
        const got = fetched?.error ?? 'none'
        throw new RetryError(
          'HAIL_TIMEOUT',
          `${topic}-${partition}: expected the claims from ${offset} to ${high}, got ${got} for a minute; ` +
            'make doctor tells who holds them back, then run it again'
        )
      }
      deadlineMs = clock.monotonic() + answerMsMax
      for (const { value } of fetched.records) {
        if (value === null) continue
        const read = () => codec.decode('SsnClaimState', value)
        const { signupId, grantedAt } = await learning(codec, read)
        if (grantedAt < startMs && !found.has(signupId)) missing.add(signupId)
      }
      offset = fetched.offsetNext
    }
  }
  return [...missing]
}

const claimId = ({ ssnKey, role, signupId }: Omit<SsnClaim, 'emailKey' | 'claimedAt'>): string =>
  `${ssnKey}/${role}/${signupId}`

async function* inBatches(users: AsyncIterable<RegisteredUser>): AsyncGenerator<RegisteredUser[]> {
  let batch: RegisteredUser[] = []
  for await (const user of users) {
    batch.push(user)
    if (batch.length < batchUsers) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

async function endsOfResults(admin: KafkaAdmin): Promise<Map<number, bigint>> {
  const offsets = await admin.endOffsets('ssn_claim_results')
  return new Map([...offsets].map(([partition, { high }]) => [partition, high]))
}

async function sendClaims(claims: readonly SsnClaim[], { producer, codec }: BackfillPorts) {
  await producer.send(
    claims.map((claim) => ({
      topic: 'ssn_claims',
      partition: partitionForKey(claim.ssnKey, topics.ssn_claims.partitions),
      key: claim.ssnKey,
      value: codec.encode('SsnClaim', claim),
      timestampMs: claim.claimedAt
    }))
  )
}

/** Removes what is answered from `waiting` and returns the sign-ups that were refused. */
async function takeAnswers(
  waiting: Map<string, string>,
  positions: Map<number, bigint>,
  { fetcher, codec, clock }: BackfillPorts
): Promise<string[]> {
  const refused: string[] = []
  const deadlineMs = clock.monotonic() + answerMsMax
  while (waiting.size > 0 && clock.monotonic() < deadlineMs) {
    const requests = [...positions].map(([partition, offset]) => ({
      topic: 'ssn_claim_results',
      partition,
      offset
    }))
    const fetched = await fetcher.fetch(requests, committedChunks)
    for (const { partition, records, offsetNext, error } of fetched) {
      if (error !== null) continue
      positions.set(partition, offsetNext)
      for (const { value } of records) {
        if (value === null) continue
        const result = await learning(codec, () => codec.decode('SsnClaimResult', value))
        if (waiting.delete(claimId(result)) && !result.granted) refused.push(result.signupId)
      }
    }
  }
  return refused
}
