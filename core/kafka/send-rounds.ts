/**
 * @module Cuts a send into rounds. kafkajs writes one record batch per partition and request, and a
 * broker refuses a batch above `max.message.bytes` (1 MiB by default), so a large send becomes
 * several requests, one after the other.
 */

import type { OutRecord } from './types.ts'

/**
 * Bounds of a round. A single record above the byte bounds travels alone and the broker decides.
 */
export type RoundLimits = {
  readonly batchRecordsMax: number
  readonly batchBytesMax: number
  readonly requestBytesMax: number
}

/**
 * 1,000 records keep a batch's CPU slice near 2 ms; 768 KiB leaves a quarter of the broker's
 * default of 1 MiB for headers and framing; 16 MiB is far below `socket.request.max.bytes` (100
 * MiB) and bounds the copy kafkajs makes.
 */
export const roundLimits: RoundLimits = {
  batchRecordsMax: 1_000,
  batchBytesMax: 768 * 1024,
  requestBytesMax: 16 * 1024 * 1024
}

/** Length, attributes, two deltas, three field lengths and a header count: at most this much. */
const recordOverheadBytes = 32

export type LibraryMessage = {
  readonly partition: number
  readonly key: string | Buffer | null
  readonly value: Buffer | null
  readonly timestamp: string
  readonly headers?: Record<string, string>
}

export type Round = {
  /** Messages by topic, in the order they were given. */
  readonly topicMessages: { topic: string; messages: LibraryMessage[] }[]
  /** How many of them go to each `topic:partition`. */
  readonly countByPartition: Map<string, number>
}

type Fill = { round: number; records: number; bytes: number }
type RoundDraft = {
  bytes: number
  readonly messagesByTopic: Map<string, LibraryMessage[]>
  readonly countByPartition: Map<string, number>
}

/**
 * Rounds in the order they must be sent. Records of one partition keep their order over all. O(n).
 */
export function toRounds(
  records: readonly OutRecord[],
  nowMs: number,
  limits: RoundLimits = roundLimits
): Round[] {
  const drafts: RoundDraft[] = []
  const fillByPartition = new Map<string, Fill>()
  for (const record of records) {
    const bytes = sizeOf(record)
    const key = `${record.topic}:${record.partition}`
    const fill = fillByPartition.get(key) ?? { round: 0, records: 0, bytes: 0 }
    const round = roundFor({ drafts, fill, bytes, limits })
    const isNewRound = round !== fill.round
    fillByPartition.set(key, {
      round,
      records: isNewRound ? 1 : fill.records + 1,
      bytes: isNewRound ? bytes : fill.bytes + bytes
    })
    addTo(draftAt(drafts, round), { record, key, bytes, nowMs })
  }
  return drafts.map(({ messagesByTopic, countByPartition }) => ({
    topicMessages: [...messagesByTopic].map(([topic, messages]) => ({ topic, messages })),
    countByPartition
  }))
}

/** The first round, from the partition's last one on, with room for the record. */
function roundFor(options: {
  drafts: readonly RoundDraft[]
  fill: Fill
  bytes: number
  limits: RoundLimits
}): number {
  const { drafts, fill, bytes, limits } = options
  const isBatchFull =
    fill.records >= limits.batchRecordsMax ||
    (fill.records > 0 && fill.bytes + bytes > limits.batchBytesMax)
  let round = isBatchFull ? fill.round + 1 : fill.round
  for (let draft = drafts[round]; draft !== undefined; draft = drafts[round]) {
    if (draft.bytes + bytes <= limits.requestBytesMax) break
    round += 1
  }
  return round
}

function draftAt(drafts: RoundDraft[], round: number): RoundDraft {
  const known = drafts[round]
  if (known !== undefined) return known
  const draft = { bytes: 0, messagesByTopic: new Map(), countByPartition: new Map() }
  drafts[round] = draft
  return draft
}

function addTo(
  draft: RoundDraft,
  options: { record: OutRecord; key: string; bytes: number; nowMs: number }
): void {
  const { record, key, bytes, nowMs } = options
  const message = toMessage(record, nowMs)
  const messages = draft.messagesByTopic.get(record.topic)
  if (messages === undefined) draft.messagesByTopic.set(record.topic, [message])
  else messages.push(message)
  draft.countByPartition.set(key, (draft.countByPartition.get(key) ?? 0) + 1)
  draft.bytes += bytes
}

function toMessage(record: OutRecord, nowMs: number): LibraryMessage {
  const { partition, key, value, headers, timestampMs = nowMs } = record
  // As text: kafkajs takes a timestamp of 0 for none.
  const message = { partition, key, value, timestamp: String(timestampMs) }
  return headers === undefined ? message : { ...message, headers: { ...headers } }
}

function sizeOf({ key, value, headers }: OutRecord): number {
  let bytes = recordOverheadBytes + (value?.length ?? 0)
  if (key !== null) bytes += typeof key === 'string' ? Buffer.byteLength(key) : key.length
  for (const name in headers) {
    bytes += 10 + Buffer.byteLength(name) + Buffer.byteLength(headers[name] ?? '')
  }
  return bytes
}
