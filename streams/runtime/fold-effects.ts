/**
 * @module What a service's fold wants done, as data. Folds return effects beside the new
 * state, the topology applies them to the task's context: so the folds stay pure and their tests
 * compare plain values.
 */
import type { TopicName, TopicRecords } from '../../avro/index.ts'
import type { Context } from './processor.ts'

/** A record to emit; the partition is the key's unless given. */
export type Emission = {
  [T in TopicName]: {
    readonly kind: 'emit'
    readonly topic: T
    readonly key: string
    readonly value: TopicRecords[T]
    readonly partition?: number
  }
}[TopicName]

/** One wish of a fold. Timers belong to the key the fold is about. */
export type Effect =
  | Emission
  | { readonly kind: 'setTimer'; readonly name: string; readonly dueMs: number }
  | { readonly kind: 'cancelTimer'; readonly name: string }
  | { readonly kind: 'count'; readonly name: string; readonly labels: Record<string, string> }

/** A record to emit on a topic. */
export function emit<T extends TopicName>(topic: T, key: string, value: TopicRecords[T]): Effect {
  return { kind: 'emit', topic, key, value } as Emission
}

/** A record of a topic whose partition is chosen by market and not by the key's hash. */
export function emitTo<T extends TopicName>(
  partition: number,
  topic: T,
  record: { readonly key: string; readonly value: TopicRecords[T] }
): Effect {
  return { kind: 'emit', topic, ...record, partition } as Emission
}

/** Adds one to a counter of the service. */
export function count(name: string, labels: Record<string, string> = {}): Effect {
  return { kind: 'count', name, labels }
}

/** Applies effects in order. `key` owns the timers. */
export function applyEffects(
  ctx: Pick<Context, 'emit' | 'setTimer' | 'cancelTimer' | 'count'>,
  key: string,
  effects: readonly Effect[]
): void {
  for (const effect of effects) {
    switch (effect.kind) {
      case 'emit':
        ctx.emit(
          effect.topic,
          effect.key,
          effect.value,
          effect.partition === undefined ? {} : { partition: effect.partition }
        )
        break
      case 'setTimer':
        ctx.setTimer(key, effect.name, effect.dueMs)
        break
      case 'cancelTimer':
        ctx.cancelTimer(key, effect.name)
        break
      case 'count':
        ctx.count(effect.name, effect.labels)
        break
      default:
        effect satisfies never
    }
  }
}
