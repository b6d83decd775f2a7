import { readFileSync } from 'node:fs'
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

/** The anchor that a Markdown heading gets. */
function anchor(title: string | undefined): string {
  return (title ?? '')
    .toLowerCase()
    .replaceAll(' ', '-')
    .replaceAll(/[^a-z0-9_-]/g, '')
}
