/**
 * @module Values for the eyes of operators: as plain JSON, with the fields that identify a person
 * blanked. Which ones these are is tagged in the Avro schemas (`pii`); plain formats have no tags.
 */
import {
  type AvroSchema,
  type EnumSchema,
  type RecordName,
  type RecordSchema,
  recordSchema
} from '../../avro/index.ts'

/** What stands in the place of a personal value; null stays null, so that absence can be seen. */
export const redacted = '[redacted]'

/** A stored value as JSON: bigints as decimal text, bytes as base64, personal fields blanked. */
export function toShownValue(value: unknown, record: RecordName | undefined): unknown {
  if (record === undefined) return toJson(value)
  const named = new Map<string, RecordSchema | EnumSchema>()
  const schema = recordSchema(record)
  collect(schema, named)
  return show(value, schema, named)
}

type Named = ReadonlyMap<string, RecordSchema | EnumSchema>

function show(value: unknown, schema: AvroSchema, named: Named): unknown {
  if (value === null || value === undefined) return value
  if (typeof schema === 'string') {
    const known = named.get(schema)
    return known === undefined ? toJson(value) : show(value, known, named)
  }
  if (!('type' in schema)) return showUnion(value, schema, named)
  switch (schema.type) {
    case 'record':
      return isPlainObject(value) ? showRecord(value, schema, named) : toJson(value)
    case 'array':
      return Array.isArray(value)
        ? value.map((item) => show(item, schema.items, named))
        : toJson(value)
    case 'map':
      return isPlainObject(value)
        ? mapValues(value, (item) => show(item, schema.values, named))
        : toJson(value)
    default:
      return toJson(value)
  }
}

function showRecord(
  value: Readonly<Record<string, unknown>>,
  schema: RecordSchema,
  named: Named
): Record<string, unknown> {
  const fields = new Map(schema.fields.map((field) => [field.name, field]))
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => {
      const field = fields.get(name)
      if (field === undefined) return [name, toJson(item)]
      if (field.pii === true) return [name, item === null || item === undefined ? item : redacted]
      return [name, show(item, field.type, named)]
    })
  )
}

/** Which branch a value is of cannot be told for sure: a field personal in any of them is blanked. */
function showUnion(value: unknown, branches: readonly AvroSchema[], named: Named): unknown {
  return branches
    .filter((branch) => branch !== 'null')
    .reduce<unknown>((shown, branch) => show(shown, branch, named), value)
}

function collect(schema: AvroSchema, named: Map<string, RecordSchema | EnumSchema>): void {
  if (typeof schema === 'string') return
  if (!('type' in schema)) {
    for (const branch of schema) collect(branch, named)
    return
  }
  switch (schema.type) {
    case 'array':
      collect(schema.items, named)
      break
    case 'map':
      collect(schema.values, named)
      break
    case 'enum':
      named.set(schema.name, schema)
      break
    case 'record':
      if (named.has(schema.name)) return
      named.set(schema.name, schema)
      for (const field of schema.fields) collect(field.type, named)
      break
    default:
  }
}

function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Map) return toJson(Object.fromEntries(value))
  if (value instanceof Set || Array.isArray(value)) return Array.from(value, toJson)
  return isPlainObject(value) ? mapValues(value, toJson) : value
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array)
}

function mapValues(
  value: Readonly<Record<string, unknown>>,
  change: (item: unknown) => unknown
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, change(item)]))
}
