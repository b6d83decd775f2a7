/**
 * The command line of records and topics:
 *
 *     topics    create the topics that are missing
 *     register  register the schemas of all subjects
 *     generate  write types.generated.ts from the schemas
 *     check     fail when the generated types or the compatibility of a record are off
 *     release   commit the present schemas as a version later ones are checked against
 *
 * `topics` and `register` take `--changelogs FILE`: a JSON array of { topic, record, partitions }.
 * @module
 */
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { describeForeignError, isHailError, silentLogger, systemClock } from '../core/index.ts'
import { createKafka } from '../core/kafka/index.ts'
import { committedVersions, findIncompatibilities, releaseSchemas } from './compatibility.ts'
import { readAvroConfig, registryTimeoutMs } from './config.ts'
import { hasDrifted, writeTypes } from './generate.ts'
import { registerSchemas } from './register.ts'
import { createRegistryClient } from './registry.ts'
import { subjectsOf } from './subjects.ts'
import { type ChangelogTopic, topicDefinitions } from './topic-definitions.ts'

type Verb = (changelogs: readonly ChangelogTopic[]) => Promise<number>

const verbs: Readonly<Record<string, Verb>> = {
  topics: createTopics,
  register,
  generate: async () => {
    print(`avro/types.generated.ts ${writeTypes() ? 'written' : 'is up to date'}`)
    return 0
  },
  check: async () => {
    const problems = checkSchemas()
    for (const problem of problems) print(problem)
    if (problems.length === 0) print('types and compatibility are in order')
    return problems.length === 0 ? 0 : 1
  },
  release: async () => {
    const files = releaseSchemas()
    print(files.length === 0 ? 'nothing changed' : `released ${files.join(', ')}`)
    return 0
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function createTopics(changelogs: readonly ChangelogTopic[]): Promise<number> {
  const config = readAvroConfig()
  const { brokers, ssl, sasl } = config.kafka
  const kafka = createKafka({
    brokers,
    clientId: 'hailstream-setup',
    logger: silentLogger,
    clock: systemClock,
    ssl,
    ...(sasl === null ? {} : { sasl })
  })
  try {
    const admin = await kafka.admin()
    const { replicationFactor } = config
    const definitions = topicDefinitions({ replicationFactor, changelogs })
    print(`creating what is missing of ${definitions.length} topics`)
    const { created, differing } = await admin.ensureTopics(definitions)
    for (const name of created) print(`created ${name}`)
    for (const { topic, setting, expected, actual } of differing) {
      print(`${topic}: ${setting} is ${actual ?? 'not set'}, expected ${expected}`)
    }
    print(`${created.length} created, ${definitions.length - created.length} already there`)
    return 0
  } finally {
    await kafka.close()
  }
}

async function register(changelogs: readonly ChangelogTopic[]): Promise<number> {
  const registry = createRegistryClient({
    url: readAvroConfig().schemaRegistryUrl,
    timeoutMs: registryTimeoutMs,
    logger: silentLogger
  })
  const count = subjectsOf(changelogs).length
  let done = 0
  await registerSchemas(registry, {
    changelogs,
    onRegistered: ({ name, compatibility }, id) => {
      done += 1
      print(`[${done}/${count}] ${name} is schema ${id}, ${compatibility}`)
    }
  })
  return 0
}

/** What is wrong with the committed schemas and types, in sentences. */
function checkSchemas(): string[] {
  const drift = hasDrifted() ? ['types.generated.ts differs from the schemas; run `generate`'] : []
  const incompatible = subjectsOf([]).flatMap(({ name, record, compatibility }) => {
    const problems = findIncompatibilities(committedVersions(record), compatibility)
    return problems.map((problem) => `${name}: ${problem}`)
  })
  return [...drift, ...incompatible]
}

function readChangelogs(options: readonly string[]): readonly ChangelogTopic[] {
  const [flag, file] = options
  if (flag === undefined) return []
  if (flag !== '--changelogs' || file === undefined) throw new TypeError(`unknown option ${flag}`)
  return JSON.parse(readFileSync(file, 'utf8')) as ChangelogTopic[]
}

/** Runs a verb; resolves to the exit code. Errors go to standard error as one line. */
export async function main(args: readonly string[]): Promise<number> {
  const [name = '', ...options] = args
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined
  if (verb === undefined) {
    process.stderr.write(`expected one of ${Object.keys(verbs).join(', ')}, got '${name}'\n`)
    return 64
  }
  try {
    return await verb(readChangelogs(options))
  } catch (error) {
    const line = isHailError(error)
      ? `${error.code}: ${error.message}`
      : error instanceof TypeError
        ? error.message
        : describeForeignError(error)
    process.stderr.write(`${line}\n`)
    return 1
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.exitCode = await main(process.argv.slice(2))
}
