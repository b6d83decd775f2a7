/**
 * @module Headers of emitted records. Records of the Avro catalogue carry CloudEvents attributes;
 * every record passes on what traces it back to the request that caused it.
 */
import type { KafkaRecord } from '../../core/kafka/index.ts'
import type { SubTopology } from './topology.ts'

export interface OutputOf {
  readonly topology: SubTopology
  readonly partition: number
  /** The record that caused the output; null for a timer, a punctuation or a commit. */
  readonly input: KafkaRecord | null
  /** Record type of a catalogue topic, else null. */
  readonly type: string | null
  readonly timestampMs: number
  /** Count of outputs of this input so far, and of the inputs before it in this batch. */
  readonly serial: number
  readonly batchSerial: number
  readonly extra: Readonly<Record<string, string>> | undefined
}

const passedOn = ['correlation-id', 'traceparent', 'tracestate'] as const

/** Undefined when there is nothing to say. */
export function outputHeaders(of: OutputOf): Readonly<Record<string, string>> | undefined {
  const headers: Record<string, string> = of.type === null ? {} : cloudEvent(of, of.type)
  let isEmpty = of.type === null
  for (const name of passedOn) {
    const value = of.input?.headers[name]
    if (value === undefined) continue
    headers[name] = value
    isEmpty = false
  }
  if (of.extra) return Object.assign(headers, of.extra)
  return isEmpty ? undefined : headers
}

function cloudEvent(of: OutputOf, type: string): Record<string, string> {
  const { topology, partition, input, timestampMs, serial, batchSerial } = of
  const cause = input
    ? `${input.topic}-${input.partition}-${input.offset}`
    : `timer-${partition}-${timestampMs}-${batchSerial}`
  return {
    'content-type': 'application/avro',
    ce_specversion: '1.0',
    ce_id: `${topology.id}/${cause}/${serial}`,
    ce_source: `/${topology.app}/${topology.name}`,
    ce_type: type,
    ce_time: new Date(timestampMs).toISOString()
  }
}
