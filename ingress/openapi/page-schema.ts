/**
 * Schemas on the page: a table of fields, names of components as links.
 *
 * @module
 */
import { type Html, html, inline } from './html.ts'
import { isObject, type JsonSchema } from './json-schema.ts'

const limits = [
  'const',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'pattern',
  'format'
]

/** A table of the fields of an object; one line for anything else. */
export const schemaTable = (schema: JsonSchema): Html => {
  const { properties, required = [], description } = schema
  const lead = typeof description === 'string' ? html`<p>${inline(description)}</p>` : html``
  if (!isObject(properties)) return html`${lead}<p>${typeText(schema)}</p>`
  const rows = Object.entries(properties as Record<string, JsonSchema>).map(
    ([name, property]) =>
      html`<tr><td><code>${name}</code></td><td>${
        (required as string[]).includes(name) ? 'always' : 'optional'
      }</td><td>${typeText(property)}</td><td>${inline(String(property['description'] ?? ''))}</td></tr>`
  )
  return html`${lead}<table>${rows}</table>`
}

/** A type in a few words. */
export const typeText = (schema: JsonSchema): Html => {
  const { $ref, anyOf, enum: values, items, type = 'anything' } = schema
  if (typeof $ref === 'string') {
    const name = $ref.split('/').at(-1) ?? ''
    return html`<a href="#schema-${name}">${name}</a>`
  }
  if (Array.isArray(anyOf)) return join(anyOf.map((each) => typeText(each as JsonSchema)))
  if (Array.isArray(values)) return join(values.map((value) => html`<code>${String(value)}</code>`))
  const bounds = limits
    .filter((name) => schema[name] !== undefined)
    .map((name) => html` <span class="note">${name} ${String(schema[name])}</span>`)
  const name = [type].flat().join(' or ')
  if (isObject(items)) return html`${name} of ${typeText(items)}${bounds}`
  return isObject(schema['properties'])
    ? html`<details><summary>object</summary>${schemaTable(schema)}</details>`
    : html`${name}${bounds}`
}

const join = (parts: readonly Html[]): Html => ({
  html: parts.map((part) => part.html).join(' or ')
})
