/**
 * One operation on the page.
 *
 * @module
 */
import type { ApiDocument } from './document.ts'
import { type Html, html, inline } from './html.ts'
import type { JsonSchema } from './json-schema.ts'
import { schemaTable, typeText } from './page-schema.ts'
import { resolve } from './references.ts'

/** One operation and where it is. */
export type Located = { method: string; path: string; operation: JsonSchema }

/** The section; references are looked up in `document`. */
export const operationSection = (located: Located, document: ApiDocument): Html => {
  const { method, path, operation } = located
  const roles = operation['x-roles'] as string[] | undefined
  const parameters = operation['parameters'] as JsonSchema[]
  return html`<section class="operation" id="${String(operation['operationId'])}">
<h3><span class="method">${method.toUpperCase()}</span> <code>${path}</code></h3>
<p>${String(operation['summary'])}. <span class="note">${
    roles === undefined ? 'No token needed' : `Roles: ${roles.join(', ')}`
  }</span></p>
${parameterTable(parameters.map((each) => resolve(each, document)))}
${bodyPart(operation['requestBody'] as JsonSchema | undefined)}
<h4>Answers</h4>
${Object.entries(operation['responses'] as Record<string, JsonSchema>).map(([status, response]) =>
  responsePart(status, resolve(response, document))
)}
</section>`
}

const parameterTable = (parameters: readonly JsonSchema[]): Html => {
  if (parameters.length === 0) return html``
  const rows = parameters.map(
    ({ name, in: place, required, schema, description = '', example }) =>
      html`<tr><td><code>${String(name)}</code></td><td>${String(place)}${
        required === true ? ', required' : ''
      }</td><td>${typeText(schema as JsonSchema)}</td><td>${inline(String(description))}${
        example === undefined ? '' : html` <span class="note">such as ${String(example)}</span>`
      }</td></tr>`
  )
  return html`<table><tr><th>parameter</th><th>in</th><th>type</th><th></th></tr>${rows}</table>`
}

type Media = { schema?: JsonSchema; example?: unknown; examples?: Record<string, unknown> }

const bodyPart = (body: JsonSchema | undefined): Html => {
  if (body === undefined) return html``
  const [media] = Object.values(body['content'] as Record<string, Media>)
  const title = body['required'] === true ? 'Body' : 'Body, may be left out'
  return html`<h4>${title}</h4>${schemaTable(media?.schema ?? {})}${exampleOf(media)}`
}

const responsePart = (status: string, response: JsonSchema): Html => {
  const content = (response['content'] ?? {}) as Record<string, Media>
  const [media] = Object.values(content)
  const isProblem = content['application/problem+json'] !== undefined
  const summary = html`<summary><code>${status}</code> ${inline(String(response['description']))}</summary>`
  if (isProblem) {
    const links = Object.keys(media?.examples ?? {}).map(
      (code) => html`<li><a href="problems/${code}"><code>${code}</code></a></li>`
    )
    return html`<details>${summary}<ul>${links}</ul></details>`
  }
  const headers = Object.keys((response['headers'] ?? {}) as object)
  return html`<details open>${summary}<p class="note">Headers: ${headers.join(', ')}</p>${
    media?.schema === undefined ? '' : schemaTable(media.schema)
  }${exampleOf(media)}</details>`
}

const exampleOf = (media: Media | undefined): Html =>
  media?.example === undefined ? html`` : html`<pre>${JSON.stringify(media.example, null, 2)}</pre>`
