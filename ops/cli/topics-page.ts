/**
 * @module docs/topics.md: the catalogue of topics with the record each carries, from
 * avro/topics.ts and the schemas.
 */
import {
  type AvroSchema,
  type ChangelogTopic,
  dlqPartitions,
  dlqRetentionMs,
  dlqTopic,
  type EnumSchema,
  type RecordSchema,
  recordSchema,
  type TopicName,
  type TopicSpec,
  topicNames,
  topics
} from '../../avro/index.ts'
import { loadMarkets, systemClock } from '../../core/index.ts'
import type { SubTopology } from '../../streams/runtime/index.ts'
import { describedTopologies } from '../../streams/services.ts'

const dayMs = 86_400_000

/** The sub-topologies of all services with the built-in markets. */
export function allTopologies(): SubTopology[] {
  return describedTopologies({ markets: loadMarkets(null), clock: systemClock })
}

/** The page: an overview, then a section for each topic, each shared type and the changelogs. */
export function topicsPage(
  topologies: readonly SubTopology[],
  changelogs: readonly ChangelogTopic[]
): string {
  const named = new Map<string, EnumSchema | RecordSchema>()
  const sections = topicNames.flatMap((name) => topicSection(topics[name], topologies, named))
  return [
    '# Topics',
    '',
    'Written by `make docs` from `avro/topics.ts` and `avro/records`. Values are Avro in',
    "Confluent's wire format under the subject `<topic>-value`; keys are UTF-8 text. Timestamps are",
    'milliseconds since the epoch, money is in minor units of the currency. `PII` marks what',
    'identifies a person. Public topics stay compatible in both directions (`FULL_TRANSITIVE`),',
    'internal ones so that new code reads old records (`BACKWARD_TRANSITIVE`).',
    '',
    `Each topic that is consumed has a dead letter topic \`<topic>.dlq\` with ${dlqPartitions}`,
    `partitions, kept for ${days(dlqRetentionMs)}: the record as it came, the reason in headers.`,
    '',
    'What no service writes comes from the ingress, which also writes quotes to `demand_signals`.',
    'What no service reads is for the sinks, the read side and whoever else subscribes.',
    '',
    ...overview(),
    ...sections,
    '## Types inside the records',
    '',
    ...[...named.values()].flatMap(typeSection),
    ...changelogSection(changelogs)
  ].join('\n')
}

function days(ms: number): string {
  const count = ms / dayMs
  return count === 1 ? '1 day' : `${count} days`
}

function overview(): string[] {
  return [
    '| topic | record | key | partitions | cleanup | visibility |',
    '|---|---|---|---|---|---|',
    ...topicNames.map((name) => {
      const { record, key, partitions, cleanup, visibility } = topics[name]
      // Renderers drop the dot from the heading's anchor.
      const link = `[${name}](#${name.replaceAll('.', '')})`
      return `| ${link} | ${record} | ${key} | ${partitions} | ${cleanup} | ${visibility} |`
    }),
    ''
  ]
}

function topicSection(
  spec: TopicSpec,
  topologies: readonly SubTopology[],
  named: Map<string, EnumSchema | RecordSchema>
): string[] {
  const schema = recordSchema(spec.record)
  const kept = spec.retentionMs < 0 ? 'latest of each key' : days(spec.retentionMs)
  return [
    `## ${spec.name}`,
    '',
    spec.doc,
    '',
    `- Key: ${spec.key}`,
    `- Partitions: ${spec.partitions}; cleanup: ${spec.cleanup}; kept: ${kept}`,
    `- Visibility: ${spec.visibility}; dead letters: ${spec.dlq ? `\`${dlqTopic(spec.name)}\`` : 'none'}`,
    `- Written by services: ${servicesThat(topologies, 'outputs', spec.name)}; read by services: ${servicesThat(topologies, 'sources', spec.name)}`,
    '',
    `Record \`${schema.name}\`: ${schema.doc}`,
    '',
    ...fieldTable(schema, named)
  ]
}

function servicesThat(
  topologies: readonly SubTopology[],
  side: 'sources' | 'outputs',
  topic: TopicName
): string {
  const ids = topologies.filter((topology) => topology[side].includes(topic)).map(({ id }) => id)
  return ids.length === 0 ? 'none' : ids.map((id) => `\`${id}\``).join(', ')
}

function fieldTable(schema: RecordSchema, named: Map<string, EnumSchema | RecordSchema>): string[] {
  return [
    '| field | type | meaning |',
    '|---|---|---|',
    ...schema.fields.map(
      ({ name, type, doc, pii }) =>
        `| \`${name}\` | ${typeText(type, named)}${pii === true ? ', PII' : ''} | ${cell(doc)} |`
    ),
    ''
  ]
}

/** A type in words; named types found on the way are collected for their own sections. */
function typeText(type: AvroSchema, named: Map<string, EnumSchema | RecordSchema>): string {
  if (typeof type === 'string') return linkTo(type, named)
  if ('type' in type) return objectText(type, named)
  const branches = type.filter((branch) => branch !== 'null')
  const words = branches.map((branch) => typeText(branch, named)).join(' or ')
  return branches.length < type.length ? `${words}, optional` : words
}

function objectText(
  type: Exclude<AvroSchema, string | readonly AvroSchema[]>,
  named: Map<string, EnumSchema | RecordSchema>
): string {
  switch (type.type) {
    case 'array':
      return `array of ${typeText(type.items, named)}`
    case 'map':
      return `map of ${typeText(type.values, named)}`
    case 'long':
      return 'timestamp'
    case 'enum':
    case 'record':
      if (!named.has(type.name)) {
        named.set(type.name, type)
        if (type.type === 'record') for (const field of type.fields) typeText(field.type, named)
      }
      return linkTo(type.name, named)
  }
}

function linkTo(name: string, named: ReadonlyMap<string, unknown>): string {
  return named.has(name) ? `[${name}](#${name.toLowerCase()})` : name
}

function typeSection(schema: EnumSchema | RecordSchema): string[] {
  const head = [`### ${schema.name}`, '', schema.doc, '']
  if (schema.type === 'record') return [...head, ...fieldTable(schema, namesIn(schema))]
  const symbols = schema.symbols.map((symbol) => `\`${symbol}\``).join(', ')
  return [...head, `One of ${symbols}; unknown ones read as \`${schema.default}\`.`, '']
}

/** The named types a type's own fields define or mention, for links. */
function namesIn(schema: RecordSchema): Map<string, EnumSchema | RecordSchema> {
  const named = new Map<string, EnumSchema | RecordSchema>()
  for (const field of schema.fields) typeText(field.type, named)
  return named
}

function changelogSection(changelogs: readonly ChangelogTopic[]): string[] {
  return [
    '## Changelogs',
    '',
    'Compacted and internal: the truth of each store, from which Redis can be rebuilt. Key: the',
    "store's key. Nobody but the runtime writes to them.",
    '',
    '| topic | record | partitions |',
    '|---|---|---|',
    ...changelogs.map(
      ({ topic, record, partitions }) => `| \`${topic}\` | ${record ?? ''} | ${partitions} |`
    ),
    ''
  ]
}

/** A bar would end the table's cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
