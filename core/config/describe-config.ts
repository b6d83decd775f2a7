/**
 * The page of configuration variables, written from their definitions.
 *
 * @module
 */

import type { ConfigDefinitions, VariableDefinition } from './definitions.ts'
import { describeRange } from './parse.ts'

/** A section of the page: who reads these variables. */
export type ConfigSection = {
  readonly title: string
  readonly definitions: ConfigDefinitions
}

/** Markdown for docs/configuration.md: one table a section, in the order given. */
export function describeConfig(sections: readonly ConfigSection[]): string {
  const lines = [
    '# Configuration',
    '',
    'Every process reads its settings from the environment once, at start. A missing or wrong',
    'variable stops the start and is named. Empty counts as unset. Development defaults apply',
    'while `NODE_ENV` is not `production`.',
    ''
  ]
  for (const { title, definitions } of sections) {
    lines.push(`## ${title}`, '', '| variable | kind | default | meaning |', '|---|---|---|---|')
    for (const [name, definition] of Object.entries(definitions)) {
      lines.push(
        `| \`${name}\` | ${kindOf(definition)} | ${defaultOf(definition)} | ${cell(definition.doc)} |`
      )
    }
    lines.push('')
  }
  return lines.join('\n')
}

function kindOf(definition: VariableDefinition): string {
  switch (definition.type) {
    case 'enum':
      return cell(definition.values.join(', '))
    case 'int':
    case 'number':
    case 'duration-ms':
    case 'bytes':
      return `${definition.type}${describeRange(definition)}`
    case 'string':
    case 'url':
    case 'list':
    case 'bool':
      return definition.secret === true ? `${definition.type}, secret` : definition.type
  }
}

function defaultOf(definition: VariableDefinition): string {
  const { default: fallback, developmentDefault, productionValue } = definition
  const parts: string[] = []
  if (developmentDefault !== undefined) {
    const shown = definition.secret === true ? 'a development secret' : code(developmentDefault)
    parts.push(`${shown}; production: ${fallback == null ? absent(fallback) : code(fallback)}`)
  } else parts.push(fallback == null ? absent(fallback) : code(fallback))
  if (productionValue !== undefined) parts.push(`only ${code(productionValue)} in production`)
  return parts.join('; ')
}

function absent(fallback: null | undefined): string {
  return fallback === null ? 'none' : 'required'
}

function code(value: string | number | boolean): string {
  return `\`${cell(String(value))}\``
}

/** A bar or a newline would end the table's cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
