/**
 * Registers the schemas of all subjects. Run by setup and CI only: processes that write records
 * never register, so a schema cannot come to be by accident.
 * @module
 */
import { mapLimited } from './concurrency.ts'
import type { RegistryClient } from './registry.ts'
import { recordSchema } from './schemas.ts'
import { type Changelog, type Subject, subjectsOf } from './subjects.ts'

/** Registrations at a time; registries write each to a log or database of one writer. */
const registrationsMax = 4

export type RegisterOptions = {
  readonly changelogs: readonly Changelog[]
  /** Called after each subject. */
  readonly onRegistered?: (subject: Subject, id: number) => void
}

/**
 * Registers every subject with its compatibility; returns the id by subject. Running it again
 * changes nothing. FatalError(HAIL_SCHEMA_INCOMPATIBLE) when a change breaks a subject; subjects
 * registered before stay, which does no harm.
 */
export async function registerSchemas(
  client: RegistryClient,
  { changelogs, onRegistered }: RegisterOptions
): Promise<Map<string, number>> {
  const entries = await mapLimited(subjectsOf(changelogs), registrationsMax, async (subject) => {
    const schema = recordSchema(subject.record)
    const id = await client.register(subject.name, schema, subject.compatibility)
    onRegistered?.(subject, id)
    return [subject.name, id] as const
  })
  return new Map(entries)
}
