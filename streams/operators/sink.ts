/**
 * @module The end of a stream in a topic.
 */
import { type TopicName, topics } from '../../avro/index.ts'
import { recordFormat, type TopicSpec } from '../runtime/index.ts'
import type { SinkSpec } from './graph.ts'
import type { StreamHandle } from './handle.ts'

/** A topic of the catalogue by its name, or a declared one. */
export function sinkOf(topic: TopicName | TopicSpec<never>): SinkSpec {
  if (typeof topic !== 'string') return { topic: topic as TopicSpec, isDeclared: true }
  const { record, partitions } = topics[topic]
  const format = recordFormat(record) as TopicSpec['format']
  return { topic: { name: topic, partitions, format }, isDeclared: false }
}

/** Writes each record, with its timestamp; null as a tombstone. */
export function sinkNode(
  above: StreamHandle<unknown>,
  sink: SinkSpec,
  keyOf: (key: never, value: never) => string
): void {
  above.graph.add({
    kind: 'to',
    parents: [above.node],
    sinks: [sink],
    create: () => ({
      process: ({ ctx, timestampMs }, key, value) => {
        ctx.emit(sink.topic, keyOf(key as never, value as never), value, { timestampMs })
      }
    })
  })
}
