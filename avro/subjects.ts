/**
 * Which subjects the project registers: one for the values of each topic and each changelog.
 * @module
 */
import { topicNames, topics, valueSubject } from './topics.ts'
import type { RecordName } from './types.generated.ts'

/** A changelog topic and the record that is its value; null for a format without a schema. */
export type Changelog = { readonly topic: string; readonly record: RecordName | null }

/**
 * What a change of a schema has to keep: readers of any version read any other (full), or new
 * readers read all that was ever written (backward), which replay needs.
 */
export type Compatibility = 'FULL_TRANSITIVE' | 'BACKWARD_TRANSITIVE'

export type Subject = {
  readonly name: string
  readonly record: RecordName
  readonly compatibility: Compatibility
}

/** Every subject: those of the catalogue, then those of the changelogs given. */
export function subjectsOf(changelogs: readonly Changelog[]): Subject[] {
  const ofTopics = topicNames.map((name): Subject => {
    const { record, visibility } = topics[name]
    const compatibility = visibility === 'public' ? 'FULL_TRANSITIVE' : 'BACKWARD_TRANSITIVE'
    return { name: valueSubject(name), record, compatibility }
  })
  const ofChangelogs = changelogs.flatMap(({ topic, record }): Subject[] => {
    if (record === null) return []
    return [{ name: valueSubject(topic), record, compatibility: 'BACKWARD_TRANSITIVE' }]
  })
  return [...ofTopics, ...ofChangelogs]
}
