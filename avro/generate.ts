/**
 * Writes `types.generated.ts` from the schemas and the catalogue of topics. The output depends on
 * nothing else, so a test can compare it with what is committed.
 *
 * Run it with `npx tsx avro/generate.ts` after changing a schema.
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type AvroSchema, isUnion, type NamedSchema, schemaFiles } from './schemas.ts'
import { topicNames, topics } from './topics.ts'

const target = join(import.meta.dirname, 'types.generated.ts')

const primitives: Readonly<Record<string, string>> = {
  null: 'null',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  float: 'number',
  double: 'number',
  string: 'string'
}

/** The TypeScript type of a schema; named types found inline are added to `named`. */
function typeOf(schema: AvroSchema, named: Map<string, NamedSchema>): string {
  if (typeof schema === 'string') return primitives[schema] ?? schema
  if (isUnion(schema)) {
    const branches = schema.map((branch) => typeOf(branch, named))
    return [...branches.filter((b) => b !== 'null'), ...branches.filter((b) => b === 'null')].join(
      ' | '
    )
  }
  switch (schema.type) {
    case 'array':
      return `readonly ${typeOf(schema.items, named)}[]`
    case 'map':
      return `Readonly<Record<string, ${typeOf(schema.values, named)}>>`
    case 'long':
      return 'number'
    default:
      named.set(schema.name, schema)
      return schema.name
  }
}

function isTimestamp(schema: AvroSchema): boolean {
  if (typeof schema === 'string') return false
  return isUnion(schema) ? schema.some(isTimestamp) : schema.type === 'long'
}

function declare(schema: NamedSchema, named: Map<string, NamedSchema>): string {
  if (schema.type === 'enum') {
    const symbols = schema.symbols.map((symbol) => `\n  | '${symbol}'`).join('')
    return `/** ${schema.doc} */\nexport type ${schema.name} =${symbols}\n`
  }
  const fields = schema.fields.map(({ name, type, doc }) => {
    const unit = isTimestamp(type) ? ' Epoch milliseconds.' : ''
    return `  /** ${doc}${unit} */\n  readonly ${name}: ${typeOf(type, named)}\n`
  })
  return `/** ${schema.doc} */\nexport interface ${schema.name} {\n${fields.join('')}}\n`
}

function declareAll(): string[] {
  const named = new Map<string, NamedSchema>()
  for (const group of Object.values(schemaFiles)) {
    for (const schema of group.values()) named.set(schema.name, schema)
  }
  // A Map yields entries added while it is walked, so types found inline get their turn.
  const declarations = new Map<string, string>()
  for (const schema of named.values()) declarations.set(schema.name, declare(schema, named))
  return [...declarations].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text)
}

function declareIndex(doc: string, name: string, entries: readonly string[][]): string {
  const lines = entries.map(([key = '', type]) => `  readonly ${quoted(key)}: ${type}\n`)
  return `/** ${doc} */\nexport interface ${name} {\n${lines.join('')}}\n`
}

/** A key as the formatter leaves it. */
function quoted(key: string): string {
  return /^\w+$/.test(key) ? key : `'${key}'`
}

/** The text of `types.generated.ts`; equal input gives equal text. */
export function generateTypes(): string {
  const records = [...schemaFiles.topic.keys(), ...schemaFiles.state.keys()].sort()
  return [
    '/**\n * Types of all records, generated from `records/` by `generate.ts`. Do not edit.\n * @module\n */\n',
    ...declareAll(),
    declareIndex(
      'Every record written to a topic or changelog, by name.',
      'Records',
      records.map((name) => [name, name])
    ),
    '/** Name of a record written to a topic or changelog. */\nexport type RecordName = keyof Records\n',
    declareIndex(
      'The record each topic carries.',
      'TopicRecords',
      topicNames.map((name) => [name, topics[name].record])
    ),
    '/** Name of a topic of the catalogue. */\nexport type TopicName = keyof TopicRecords\n'
  ].join('\n')
}

/** Writes the generated types; true when the file changed. */
export function writeTypes(): boolean {
  const text = generateTypes()
  if (!hasDrifted(text)) return false
  writeFileSync(target, text)
  return true
}

/** True when the committed types differ from what the schemas say. */
export function hasDrifted(text = generateTypes()): boolean {
  try {
    return readFileSync(target, 'utf8') !== text
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true
    throw error
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const changed = writeTypes()
  process.stdout.write(`avro/types.generated.ts ${changed ? 'written' : 'is up to date'}\n`)
}
