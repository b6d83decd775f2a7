/**
 * @module Requests written by hand and sent over kafkajs' connections, for what kafkajs cannot say
 * or says slowly. All are of flexible versions, which carry one more byte, for tagged fields, behind each
 * header: kafkajs knows nothing of it, so it is written and read as a part of the body.
 */

import { FatalError } from '../errors.ts'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import type { RawBroker } from './library.ts'

const bodyBytes = 512

export type RawCall<T extends { readonly throttleMs: number }> = {
  readonly apiKey: number
  readonly apiVersion: number
  readonly apiName: string
  /** ApiVersions alone: whoever asks must be able to read the answer, so its header stays as it was. */
  readonly hasClassicAnswerHeader?: boolean
  /** How large the body will be, as a guess. */
  readonly bytes?: number
  write(writer: ByteWriter): void
  read(reader: ByteReader): T
}

/**
 * Throws kafkajs' errors of the connection, and FatalError(HAIL_KAFKA_REFUSED) for a broker that doesn't
 * know the version, which would only close the connection, and for an answer that isn't one of it. Error
 * codes in the answer are the caller's to look at.
 */
export async function callBroker<T extends { readonly throttleMs: number }>(
  broker: RawBroker,
  call: RawCall<T>
): Promise<T> {
  const { apiKey, apiVersion, apiName } = call
  refuseUnknownVersion(broker, call)
  return broker.connectionPool.send({
    request: { apiKey, apiVersion, apiName, encode: async () => encoded(call) },
    requestTimeout: null,
    response: {
      decode: async (body: Buffer) => {
        const answer = decoded(call, body)
        return { answer, clientSideThrottleTime: answer.throttleMs }
      },
      parse: async ({ answer }) => answer
    }
  })
}

function refuseUnknownVersion(
  { nodeId, versions }: RawBroker,
  { apiKey, apiVersion, apiName }: Pick<RawCall<never>, 'apiKey' | 'apiVersion' | 'apiName'>
): void {
  const known = versions?.[apiKey]
  if (known === undefined) return
  const { minVersion, maxVersion } = known
  if (apiVersion >= minVersion && apiVersion <= maxVersion) return
  throw new FatalError(
    'HAIL_KAFKA_REFUSED',
    `expected broker ${nodeId} to know version ${apiVersion} of ${apiName}, it knows ${minVersion} to ` +
      `${maxVersion}; Kafka 2.8 is the oldest that can be used`
  )
}

/** What kafkajs takes for one of its encoders. */
function encoded<T extends { readonly throttleMs: number }>(call: RawCall<T>) {
  const writer = new ByteWriter(call.bytes ?? bodyBytes)
  writer.noTags()
  call.write(writer)
  const body = writer.written()
  return { buf: body, buffer: body }
}

function decoded<T extends { readonly throttleMs: number }>(call: RawCall<T>, body: Buffer): T {
  const reader = new ByteReader(body)
  try {
    if (call.hasClassicAnswerHeader !== true) reader.skipTags()
    return call.read(reader)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const message = `expected an answer to ${call.apiName} of version ${call.apiVersion}, got ${body.length} bytes that are none`
    throw new FatalError('HAIL_KAFKA_REFUSED', message, { cause: error })
  }
}
