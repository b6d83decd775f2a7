import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { topicNames } from '../../avro/index.ts'
import { readConfig } from '../stack/index.ts'
import { docPages } from './doc-pages.ts'
import { stackVariables } from './stack-variables.ts'

const pages = await docPages()

describe('the generated pages', () => {
  test.each(
    pages.map(({ file, text }) => [file.pathname.split('/').at(-1) ?? '', file, text] as const)
  )('docs/%s is what the code says; run `make docs` when it is not', (_, file, text) => {
    expect(readFileSync(file, 'utf8')).toBe(text)
  })

  test('hold a section for each topic', () => {
    const page = pages.find(({ file }) => file.pathname.endsWith('topics.md'))?.text ?? ''
    expect(topicNames.filter((name) => !page.includes(`\n## ${name}\n`))).toEqual([])
  })

  test('link only to headings that are there', () => {
    for (const { text } of pages) {
      const headings = new Set([...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) => anchor(title)))
      const links = [...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, target]) => target)
      expect(links.filter((target) => !headings.has(target ?? ''))).toEqual([])
    }
  })
})

describe('the variables of the backing services', () => {
  const source = readFileSync(new URL('../stack/config.ts', import.meta.url), 'utf8')
  const addresses = ['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'REDIS_URL', 'MONGO_URL', 'CI']

  test('are those that the stack reads', () => {
    const read = [...source.matchAll(/(?:environment, |port\(|\[)'([A-Z][A-Z_]+)'/g)]
      .map(([, name]) => name ?? '')
      .filter((name) => !addresses.includes(name))
    expect(Object.keys(stackVariables).sort()).toEqual([...new Set(read)].sort())
  })

  test('have the defaults that the stack takes', () => {
    const { name, choice, ports, kafkaHeapMb, registryHeapMb, startTimeoutMs, stopTimeoutMs } =
      readConfig({})
    expect({
      STACK: choice,
      STACK_NAME: name,
      KAFKA_PORT: ports.kafka,
      KAFKA_CONTROLLER_PORT: ports.kafkaController,
      REGISTRY_PORT: ports.registry,
      REDIS_PORT: ports.redis,
      MONGO_PORT: ports.mongo,
      POSTGRES_PORT: ports.postgres,
      KAFKA_HEAP_MB: kafkaHeapMb,
      REGISTRY_HEAP_MB: registryHeapMb,
      STACK_START_TIMEOUT_MS: startTimeoutMs,
      STACK_STOP_TIMEOUT_MS: stopTimeoutMs
    }).toEqual(
      Object.fromEntries(
        Object.entries(stackVariables)
          .filter(([variable]) =>
            /^(STACK|STACK_NAME|STACK_ST.*_MS|.*_PORT|.*_HEAP_MB)$/.test(variable)
          )
          .map(([variable, definition]) => [variable, definition.default])
      )
    )
  })
})

describe('the written pages', () => {
  const root = new URL('../../', import.meta.url)
  const decisions = readdirSync(new URL('docs/decisions/', root)).map((file) => `decisions/${file}`)
  const runbooks = readdirSync(new URL('docs/runbooks/', root)).map((file) => `runbooks/${file}`)
  const pagesByHand = [
    'architecture.md',
    'saga.md',
    'glossary.md',
    'operations.md',
    'api.md',
    'api-changelog.md',
    'problems.md'
  ]
  const written = [...pagesByHand, ...runbooks, ...decisions]
  const files = ['README.md', 'CONTRIBUTING.md', ...written.map((file) => `docs/${file}`)]
  const texts = files.map((file) => ({ file, text: readFileSync(new URL(file, root), 'utf8') }))

  test('link to files that are there', () => {
    const broken = texts.flatMap(({ file, text }) =>
      [...text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)]
        .map(([, target = '']) => new URL(target, new URL(file, root)))
        .filter((target) => !existsSync(target))
        .map((target) => `${file}: ${target.pathname}`)
    )
    expect(broken).toEqual([])
  })

  test('name files that are there', () => {
    const named = /`((?:avro|core|domain|ingress|ops|simulator|sinks|streams|test)\/[\w./-]+)`/g
    const missing = texts.flatMap(({ file, text }) =>
      [...text.matchAll(named)]
        .map(([, path = '']) => path)
        .filter((path) => !existsSync(new URL(path, root)))
        .map((path) => `${file}: ${path}`)
    )
    expect(missing).toEqual([])
  })

  test('name only verbs of the Makefile, and the README all of them', () => {
    const verbs = [
      ...readFileSync(new URL('Makefile', root), 'utf8').matchAll(/^([a-z-]+):.*## /gm)
    ]
    const known = new Set(verbs.map(([, verb]) => verb ?? ''))
    const namedIn = (text: string) =>
      new Set([...text.matchAll(/(?:`|^)make ([a-z-]+)/gm)].map(([, verb]) => verb ?? ''))
    for (const { text } of texts) {
      expect([...namedIn(text)].filter((verb) => !known.has(verb))).toEqual([])
    }
    expect([...namedIn(texts[0]?.text ?? '')].sort()).toEqual([...known].sort())
  })

  test('name only metrics that are on the page of metrics', () => {
    const metrics = pages.find(({ file }) => file.pathname.endsWith('metrics.md'))?.text ?? ''
    const events = [...metrics.matchAll(/^\| ([a-z]+) \| (`.+`) \|$/gm)].flatMap(
      ([, service, names = '']) =>
        names.split(', ').map((name) => `hail_${service}_${name.replaceAll('`', '')}_total`)
    )
    const unknown = texts.flatMap(({ text }) =>
      [...text.matchAll(/`(hail_[a-z_]+)`/g)]
        .map(([, name = '']) => name)
        .filter((name) => !metrics.includes(`\`${name}\``) && !events.includes(name))
    )
    expect(unknown).toEqual([])
  })

  test('list every dependency with its version', () => {
    const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as Record<
      'dependencies' | 'devDependencies',
      Record<string, string>
    >
    const page = texts.find(({ file }) => file.endsWith('0007-dependencies.md'))?.text ?? ''
    const listed = [...page.matchAll(/^\| `([^`]+)` \| (\S+) \|/gm)].map(([, name, version]) => [
      name,
      version
    ])
    const wanted = { ...manifest.dependencies, ...manifest.devDependencies }
    expect(Object.fromEntries(listed)).toEqual(wanted)
  })
})

/** The anchor that a Markdown heading gets. */
function anchor(title: string | undefined): string {
  return (title ?? '')
    .toLowerCase()
    .replaceAll(' ', '-')
    .replaceAll(/[^a-z0-9_-]/g, '')
}
