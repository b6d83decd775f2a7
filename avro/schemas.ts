/**
 * The record schemas as committed: reads `records/**.avsc` once and inlines the named types each
 * record refers to, so that what is registered can be read with the registry alone.
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RecordName } from './types.generated.ts'

/** Avro namespace of every named type of the project. */
export const recordNamespace = 'hailstream'

/** Folders below `avro/records`: records of topics, stored values, types they share. */
export type SchemaGroup = 'topic' | 'state' | 'shared'

export type EnumSchema = {
  readonly type: 'enum'
  readonly name: string
  readonly namespace?: string
  readonly doc: string
  readonly symbols: readonly string[]
  readonly default: string
}

export type FieldSchema = {
  readonly name: string
  readonly type: AvroSchema
  readonly doc: string
  readonly default?: unknown
  /** True for a field that identifies a person; masks and catalogues look for it. */
  readonly pii?: true
}

export type RecordSchema = {
  readonly type: 'record'
  readonly name: string
  readonly namespace?: string
  readonly doc: string
  readonly fields: readonly FieldSchema[]
}

export type NamedSchema = EnumSchema | RecordSchema

/** The part of Avro that our schemas use. */
export type AvroSchema =
  | string
  | readonly AvroSchema[]
  | NamedSchema
  | { readonly type: 'array'; readonly items: AvroSchema }
  | { readonly type: 'map'; readonly values: AvroSchema }
  | { readonly type: 'long'; readonly logicalType: 'timestamp-millis' }

const folderByGroup = { topic: '.', state: 'state', shared: 'shared' } as const

function readGroup(group: SchemaGroup): [string, NamedSchema][] {
  const folder = join(import.meta.dirname, 'records', folderByGroup[group])
  return readdirSync(folder)
    .filter((file) => file.endsWith('.avsc'))
    .sort()
    .map((file) => {
      const schema: NamedSchema = JSON.parse(readFileSync(join(folder, file), 'utf8'))
      return [schema.name, schema]
    })
}

/** Schemas as written in the files (references not inlined), by group and then by name. */
export const schemaFiles: Readonly<Record<SchemaGroup, ReadonlyMap<string, NamedSchema>>> = {
  topic: new Map(readGroup('topic')),
  state: new Map(readGroup('state')),
  shared: new Map(readGroup('shared'))
}

/** Names of the records that are written to topics and changelogs, sorted. */
export const recordNames: readonly RecordName[] = [
  ...schemaFiles.topic.keys(),
  ...schemaFiles.state.keys()
].sort() as RecordName[]

function findSchema(name: string): NamedSchema | undefined {
  const { topic, state, shared } = schemaFiles
  return topic.get(name) ?? state.get(name) ?? shared.get(name)
}

/** Replaces the first reference to each named type by its definition; later ones stay names. */
function inlineTypes(schema: AvroSchema, defined: Set<string>): AvroSchema {
  if (typeof schema === 'string') {
    const named = findSchema(schema)
    return named === undefined || defined.has(schema) ? schema : inlineTypes(named, defined)
  }
  if (isUnion(schema)) return schema.map((branch) => inlineTypes(branch, defined))
  switch (schema.type) {
    case 'array':
      return { ...schema, items: inlineTypes(schema.items, defined) }
    case 'map':
      return { ...schema, values: inlineTypes(schema.values, defined) }
    case 'enum':
      defined.add(schema.name)
      return schema
    case 'record':
      defined.add(schema.name)
      return {
        ...schema,
        fields: schema.fields.map((field) => ({
          ...field,
          type: inlineTypes(field.type, defined)
        }))
      }
    case 'long':
      return schema
  }
}

/** True for a union; narrows, which `Array.isArray` does not do for readonly arrays. */
export function isUnion(schema: AvroSchema): schema is readonly AvroSchema[] {
  return Array.isArray(schema)
}

const inlinedByName = new Map<RecordName, RecordSchema>()

/** The self-contained JSON schema of a record, as it is registered. Do not change the result. */
export function recordSchema(record: RecordName): RecordSchema {
  const known = inlinedByName.get(record)
  if (known !== undefined) return known
  const inlined = inlineTypes(record, new Set()) as RecordSchema
  inlinedByName.set(record, inlined)
  return inlined
}
