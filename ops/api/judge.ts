/**
 * @module Whether the API may be as it is: nothing that breaks clients within the major version, a
 * minor version for what is new, and an entry in the changelog that names each operation.
 */
import { basePath } from '../../ingress/http/index.ts'
import type { ApiDocument } from '../../ingress/openapi/index.ts'
import type { Change } from './change.ts'
import { compareDocuments } from './compare-documents.ts'

/** What is judged; `changelog` is the text of docs/api-changelog.md. */
export interface Case {
  readonly released: ApiDocument
  readonly current: ApiDocument
  readonly changelog: string
}

/** What is wrong, in sentences that say what to do; empty when nothing is. */
export function judge({ released, current, changelog }: Case): string[] {
  const changes = compareDocuments(released, current)
  const [before, now] = [versionOf(released), versionOf(current)]
  const majorOfPath = Number(/\/v(\d+)$/.exec(basePath)?.[1])
  const faults: string[] = []
  if (now.major !== majorOfPath) {
    faults.push(`expected version ${majorOfPath}.x.y under ${basePath}, got ${now.text}`)
  }
  if (now.major === before.major) {
    for (const change of changes.filter(({ kind }) => kind === 'breaking')) {
      faults.push(`breaks clients of ${before.text}: ${change.where}: ${change.what}`)
    }
  }
  const isBumped =
    now.major > before.major || (now.major === before.major && now.minor > before.minor)
  if (changes.length > 0 && !isBumped) {
    faults.push(
      `expected a version above ${before.major}.${before.minor}.x for:\n${listOf(changes)}`
    )
  }
  return [...faults, ...missingEntries(changes, now.text, changelog)]
}

/** Lines of changes, for people. */
export function listOf(changes: readonly Change[]): string {
  return changes.map(({ kind, where, what }) => `- ${kind}: ${where}: ${what}`).join('\n')
}

function missingEntries(changes: readonly Change[], version: string, changelog: string): string[] {
  const section = sectionOf(changelog, version)
  if (section === null) return [`expected a section "## ${version}" in docs/api-changelog.md`]
  const named = [...section.matchAll(/`([^`]+)`/g)].map(([, name = '']) => patternOf(name))
  const operations = [...new Set(changes.map(({ where }) => where))]
  return operations
    .filter((where) => !named.some((pattern) => pattern.test(where)))
    .map((where) => `expected \`${where}\` in section ${version} of docs/api-changelog.md`)
}

/** `POST /driver_actions/*` names several; `*` names all. */
function patternOf(name: string): RegExp {
  const escaped = name.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')
  return new RegExp(`^${escaped}$`)
}

function sectionOf(changelog: string, version: string): string | null {
  const sections = changelog.split(/^## /m)
  return sections.find((text) => text.split('\n', 1)[0]?.trim() === version) ?? null
}

function versionOf({ info }: ApiDocument): { major: number; minor: number; text: string } {
  const [, major, minor] = /^(\d+)\.(\d+)\.\d+$/.exec(info.version) ?? []
  if (major === undefined || minor === undefined) {
    throw new RangeError(`expected a version such as 1.2.0, got ${info.version}`)
  }
  return { major: Number(major), minor: Number(minor), text: info.version }
}
