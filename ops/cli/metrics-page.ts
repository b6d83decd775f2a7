/**
 * @module docs/metrics.md: every metric with its meaning, found in the code. Metrics are declared with
 * `name` and `help` side by side; the services' own counters by the name they count.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const repositoryDir = fileURLToPath(new URL('../../', import.meta.url))
const folders = ['core', 'ingress', 'streams', 'sinks', 'ops'] as const

const text = /(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/.source
/** `name` and `help` of one object, or the two arguments of a wrapper. */
const declaration = new RegExp(`(?:name: )?'(hail_[a-z0-9_]+)',\\s+(?:help:\\s+)?${text}`, 'g')
const counted = /(?:\bcount\(|kind: 'counted', event: )'([a-z0-9_]+)'/g

/** The page. */
export function metricsPage(): string {
  return [
    '# Metrics',
    '',
    'Written by `make docs`. Ingress, streams and sinks serve them at `/metrics` of their operator',
    'port, with the usual figures of the Node process. Times are in seconds, sizes in bytes. Events of the services',
    'are counted when the commit that holds them succeeds, so none counts twice.',
    '',
    '| metric | meaning | in |',
    '|---|---|---|',
    ...folders.flatMap(declared),
    '',
    '## Events of the services',
    '',
    'Named `hail_<service>_<event>_total`; labels say the outcome or kind.',
    '',
    '| service | events |',
    '|---|---|',
    ...events(),
    ''
  ].join('\n')
}

function declared(folder: string): string[] {
  const rows = sources(folder).flatMap((source) =>
    [...source.text.matchAll(declaration)].map(([, name, single, double]) => {
      const help = (single ?? double ?? '').replace(/\.$/, '').replaceAll("\\'", "'")
      return `| \`${name}\` | ${help} | \`${source.path}\` |`
    })
  )
  return rows.sort()
}

function events(): string[] {
  const found = new Map<string, Set<string>>()
  for (const { path, text } of sources('streams')) {
    const service = path.split('/')[1] ?? ''
    for (const [, event = ''] of text.matchAll(counted)) {
      const known = found.get(service) ?? new Set<string>()
      found.set(service, known.add(event))
    }
  }
  return [...found].map(
    ([service, names]) =>
      `| ${service} | ${[...names]
        .sort()
        .map((name) => `\`${name}\``)
        .join(', ')} |`
  )
}

/** The code of a folder, without tests, sorted by path. */
function sources(folder: string): { path: string; text: string }[] {
  return readdirSync(`${repositoryDir}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.endsWith('.d.ts'))
    .sort()
    .map((file) => ({
      path: `${folder}/${file}`,
      text: readFileSync(`${repositoryDir}${folder}/${file}`, 'utf8')
    }))
}
