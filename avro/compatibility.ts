/**
 * Checks versions of a record against each other without a registry, so that a schema that would
 * be refused is found by a test. Released versions are committed as
 * `records/released/<Record>.<n>.avsc`, inlined; the schema of the working tree comes last.
 * @module
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isSameOnWire } from './codec.ts'
import { compileSchema } from './compiled-types.ts'
import { type AvroSchema, recordNames, recordSchema } from './schemas.ts'
import type { Compatibility } from './subjects.ts'
import type { RecordName } from './types.generated.ts'

const releasedFolder = join(import.meta.dirname, 'records', 'released')

/** Versions of a record from the first released one to that of the working tree. */
export function committedVersions(record: RecordName, folder = releasedFolder): AvroSchema[] {
  const released = existsSync(folder) ? readdirSync(folder) : []
  const numbers = released
    .filter((file) => file.startsWith(`${record}.`) && file.endsWith('.avsc'))
    .map((file) => Number(file.split('.')[1]))
    .sort((a, b) => a - b)
  const schemas = numbers.map((number): AvroSchema => {
    return JSON.parse(readFileSync(join(folder, `${record}.${number}.avsc`), 'utf8'))
  })
  return [...schemas, recordSchema(record)]
}

/** Commits the present schema of each record that differs from its last released version. */
export function releaseSchemas(folder = releasedFolder): string[] {
  mkdirSync(folder, { recursive: true })
  return recordNames.flatMap((record) => {
    const versions = committedVersions(record, folder)
    const last = versions.at(-2)
    const current = recordSchema(record)
    if (last !== undefined && JSON.stringify(last) === JSON.stringify(current)) return []
    const file = `${record}.${versions.length}.avsc`
    writeFileSync(join(folder, file), `${JSON.stringify(current, null, 2)}\n`)
    return [file]
  })
}

/**
 * Says which pairs of versions break the compatibility, in sentences; none when all is well. A
 * later version always reads every earlier one; with full compatibility earlier ones read later
 * ones too. Quadratic in the number of versions.
 */
export function findIncompatibilities(
  versions: readonly AvroSchema[],
  compatibility: Compatibility
): string[] {
  const types = versions.map((schema) => compileSchema(schema))
  const problems: string[] = []
  for (const [readerIndex, reader] of types.entries()) {
    for (const [writerIndex, writer] of types.entries()) {
      const isNeeded = writerIndex < readerIndex || compatibility === 'FULL_TRANSITIVE'
      if (!isNeeded || isSameOnWire(reader, writer)) continue
      try {
        reader.createResolver(writer)
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        problems.push(`version ${readerIndex + 1} cannot read version ${writerIndex + 1}: ${why}`)
      }
    }
  }
  return problems
}
