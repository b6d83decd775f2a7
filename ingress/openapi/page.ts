/**
 * The API description as one page without scripts and without anything from elsewhere; its style is
 * the only thing that its content security policy lets in, by digest.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import type { ApiDocument } from './document.ts'
import { type Html, html, inline } from './html.ts'
import { type Located, operationSection } from './page-operation.ts'
import { schemaTable } from './page-schema.ts'

const style = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881 }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 0 auto; padding: 1rem }
nav ul { columns: 18rem; padding-left: 1rem } nav li { break-inside: avoid }
code, pre { font: 13px/1.45 ui-monospace, monospace } pre { background: var(--soft); padding: .7rem; overflow: auto }
section.operation { border-top: 1px solid var(--line); margin-top: 1.5rem }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; vertical-align: top; padding: .2rem .6rem .2rem 0; border-bottom: 1px solid var(--line) }
.method { font-weight: 700 } .note { opacity: .75 } summary { cursor: pointer }
`

const digest = createHash('sha256').update(style).digest('base64')

/** Lets in the style of the page and nothing else. */
export const pagePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${digest}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'"
].join('; ')

/** The page. */
export const createPage = (document: ApiDocument): string => {
  const { info, tags } = document
  const operations = Object.entries(document.paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]) => ({ method, path, operation }))
  )
  const groups = tags.map((tag) => ({
    ...tag,
    operations: operations.filter(({ operation }) => String(operation['tags']) === tag.name)
  }))
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${info.title} API ${info.version}</title><style>${{ html: style }}</style></head><body>
<h1>${info.title} API ${info.version}</h1>
${description(info.description)}
<p>For programs: <a href="openapi.json">openapi.json</a>.</p>
<nav>${groups.map(contents)}</nav>
${groups.map(
  (group) => html`<h2 id="${group.name}">${group.name}</h2><p>${group.description}</p>
${group.operations.map((located) => operationSection(located, document))}`
)}
<h2 id="schemas">Schemas</h2>
${Object.entries(document.components['schemas'] ?? {}).map(
  ([name, schema]) => html`<h3 id="schema-${name}">${name}</h3>${schemaTable(schema)}`
)}
</body></html>
`
  return page.html
}

const contents = (group: { name: string; operations: readonly Located[] }): Html =>
  html`<h3><a href="#${group.name}">${group.name}</a></h3><ul>${group.operations.map(
    ({ method, path, operation }) =>
      html`<li><a href="#${String(operation['operationId'])}"><code>${method.toUpperCase()} ${path}</code></a></li>`
  )}</ul>`

/** Paragraphs and one list, as the description has them. */
const description = (text: string): Html[] =>
  text.split('\n\n').map((block) => {
    if (!block.startsWith('- ')) return html`<p>${inline(block)}</p>`
    const items = block.slice(2).split('\n- ')
    return html`<ul>${items.map((item) => html`<li>${inline(item)}</li>`)}</ul>`
  })
