/**
 * @module docs/configuration.md: every variable of every process. The definitions are found, not
 * listed: whatever a file named config.ts exports from `defineConfig` is on the page.
 */
import { readdirSync } from 'node:fs'
import { relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type ConfigDefinitions, type ConfigSection, describeConfig } from '../../core/index.ts'
import { stackVariables } from './stack-variables.ts'

const repositoryDir = fileURLToPath(new URL('../../', import.meta.url))

/** Folders with processes of their own, in the order of the page. */
const folders = ['core', 'ingress', 'streams', 'sinks', 'simulator', 'ops'] as const

/** Sections worth a plainer title than their file. */
const titleByExport: Readonly<Record<string, string>> = {
  'core/config.ts sharedConfig': 'All processes',
  'core/config.ts secretConfig': 'Secrets',
  'ingress/config.ts ingressConfig': 'Ingress',
  'ingress/read/config.ts readConfig': 'Reads of the ingress',
  'ingress/workers/config.ts workerConfig': 'Workers of the ingress',
  'ingress/auth/config.ts tokenConfig': '`make token`',
  'streams/config.ts streamsConfig': 'Stream services',
  'sinks/config.ts sinksConfig': 'Sinks',
  'ops/demo/config.ts demoConfig': '`make demo`',
  'ops/cli/config.ts doctorConfig': '`make doctor`',
  'ops/cli/config.ts topologyConfig': '`make topology`'
}

const simulationVariables: ConfigDefinitions = {
  SIM_SEEDS: {
    type: 'int',
    default: 300,
    min: 1,
    unit: 'seeds',
    doc: 'Seeds the saga simulation tries; `make sim` sets 10000.'
  },
  SIM_SEED: { type: 'int', default: 1, min: 1, doc: 'The first of them.' }
}

/** The page. */
export async function configurationPage(): Promise<string> {
  const sections: ConfigSection[] = []
  for (const file of configFiles()) sections.push(...(await sectionsOf(file)))
  sections.push({ title: 'Backing services', definitions: stackVariables })
  sections.push({ title: 'Saga simulation', definitions: simulationVariables })
  const tail = [
    'The backing services also read the addresses `KAFKA_BROKERS`, `SCHEMA_REGISTRY_URL`,',
    '`REDIS_URL` and `MONGO_URL`: with all four set, `STACK=auto` uses those servers.',
    '',
    'This page is written by `make docs` from the definitions in the code.',
    ''
  ]
  return `${describeConfig(sections)}\n${tail.join('\n')}`
}

/** Every config.ts of the processes' folders, sorted within its folder. */
function configFiles(): string[] {
  return folders.flatMap((folder) =>
    readdirSync(`${repositoryDir}${folder}`, { recursive: true, encoding: 'utf8' })
      .filter((file) => file === 'config.ts' || file.endsWith(`${sep}config.ts`))
      .map((file) => `${repositoryDir}${folder}/${file}`)
      .sort()
  )
}

async function sectionsOf(file: string): Promise<ConfigSection[]> {
  const exported: Readonly<Record<string, unknown>> = await import(pathToFileURL(file).href)
  const path = relative(repositoryDir, file)
  return Object.entries(exported)
    .filter((entry): entry is [string, { definitions: ConfigDefinitions }] => isConfig(entry[1]))
    .sort(([a], [b]) => order(path, a) - order(path, b))
    .map(([name, { definitions }]) => ({
      title: titleByExport[`${path} ${name}`] ?? `\`${path}\``,
      definitions
    }))
}

function isConfig(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'definitions' in value && 'load' in value
}

/** Titled sections in the order of their titles, others after them. */
function order(path: string, name: string): number {
  const at = Object.keys(titleByExport).indexOf(`${path} ${name}`)
  return at < 0 ? Number.MAX_SAFE_INTEGER : at
}
