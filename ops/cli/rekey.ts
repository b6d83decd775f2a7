/**
 * @module `make rekey`: claims every registered number under the current key of `PII_HMAC_KEYS`. The last
 * line is JSON; the exit code is 0 when the key before may be dropped. Steps around it:
 * docs/runbooks/pii-keys.md.
 */
import { createRegistryClient, loadCodec } from '../../avro/index.ts'
import { createLogger, readSharedConfig, systemClock } from '../../core/index.ts'
import { CustomerModel, connectDatabase, DriverModel } from '../../sinks/models/index.ts'
import {
  backfillClaims,
  isComplete,
  type RegisteredUser,
  readRotationKeys
} from './claim-backfill.ts'
import { operatorEnvironment, runVerb } from './operator.ts'
import { jsonLine } from './table.ts'

/** Everybody MongoDB knows, as the sinks left it. */
async function* registeredUsers(): AsyncGenerator<RegisteredUser> {
  const fields = { signupId: 1, ssnCipher: 1 }
  for await (const { _id, signupId, ssnCipher } of CustomerModel.find({}, fields).lean().cursor()) {
    yield { userId: _id, signupId, ssnCipher, role: 'CUSTOMER' }
  }
  for await (const { _id, signupId, ssnCipher } of DriverModel.find({}, fields).lean().cursor()) {
    yield { userId: _id, signupId, ssnCipher, role: 'DRIVER' }
  }
}

await runVerb(async ({ kafka, admin, fetcher }) => {
  const environment = await operatorEnvironment()
  const keys = readRotationKeys(environment)
  const shared = readSharedConfig(environment, { secrets: [] })
  const clock = systemClock
  const logger = createLogger({ name: 'rekey', level: 'error' })
  const registry = createRegistryClient({
    url: shared.schemaRegistryUrl,
    timeoutMs: 10_000,
    logger
  })
  const codec = await loadCodec({ registry })
  const database = await connectDatabase({ url: shared.mongoUrl, logger, clock })
  const producer = await kafka.producer()
  try {
    await database.ping()
    const ports = { admin, fetcher, producer, codec, clock }
    const report = await backfillClaims(registeredUsers(), keys, ports)
    process.stdout.write(`${jsonLine({ ...report })}\n`)
    return isComplete(report) ? 0 : 1
  } finally {
    await producer.close()
    await database.close()
  }
})
