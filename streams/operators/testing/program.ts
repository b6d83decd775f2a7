/**
 * @module A program of operators under test: numbers and texts in, numbers and texts out, over the
 * real task.
 */
import {
  createTopologyDriver,
  type DriverOptions,
  type TopologyDriver
} from '../../../test/support/index.ts'
import { longFormat, stringFormat, type TopicSpec } from '../../runtime/index.ts'
import { createStreamsBuilder, type StreamsBuilder } from '../index.ts'

/** A topic of one partition, so that its records are handled in the order of their writing. */
function topicOf<V>(name: string, format: TopicSpec<V>['format']): TopicSpec<V> {
  return { name, partitions: 1, format }
}

export const numbers = topicOf('numbers', longFormat)
export const moreNumbers = topicOf('more_numbers', longFormat)
export const texts = topicOf('texts', stringFormat)
export const numberResults = topicOf('number_results', longFormat)
export const otherResults = topicOf('other_results', longFormat)
export const textResults = topicOf('text_results', stringFormat)

/** A result: key, value and timestamp. */
export type Result = readonly [key: string, value: unknown, timestampMs: number]

/** A driver of what `build` makes. The wall clock stands at 0, so that time is that of the records. */
export function drive(
  build: (builder: StreamsBuilder) => void,
  options: Partial<DriverOptions> & { readonly closeOnIdle?: boolean } = {}
): TopologyDriver {
  const { closeOnIdle, ...rest } = options
  const builder = createStreamsBuilder({
    app: 'probe',
    commitIntervalMs: 100,
    ...(closeOnIdle !== undefined && { closeOnIdle })
  })
  build(builder)
  return createTopologyDriver(builder.build(), { startMs: 0, ...rest })
}

/** The results since the last call. */
export function results(driver: TopologyDriver, { name }: { readonly name: string }): Result[] {
  return driver.read(name).map(({ key, value, timestampMs }) => [key, value, timestampMs])
}

/** The same without timestamps. */
export function pairs(
  driver: TopologyDriver,
  topic: { readonly name: string }
): [string, unknown][] {
  return results(driver, topic).map(([key, value]) => [key, value])
}
