/**
 * @module The end of a stream in a topic.
 */
import type { TopicName } from '../../avro/index.ts'
import { catalogueTopic, type TopicSpec } from '../runtime/index.ts'
import type { SinkSpec } from './graph.ts'
import type { StreamHandle } from './handle.ts'

/** A topic of the catalogue by its name, or a declared one. */
export function sinkOf(topic: TopicName | TopicSpec<never>): SinkSpec {
  if (typeof topic !== 'string') return { topic: topic as TopicSpec, isDeclared: true }
  return { topic: catalogueTopic(topic), isDeclared: false }
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
