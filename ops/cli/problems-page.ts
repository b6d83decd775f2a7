/**
 * @module docs/problems.md: every problem the API may answer, when it comes and what to do.
 */
import { problemCodes, problemTable, problemType } from '../../ingress/http/index.ts'

const retryText = {
  never: 'no, it will fail again',
  changed: 'after mending it',
  same: 'yes, as it is and with the same `Idempotency-Key`, after `Retry-After`'
} as const

/** The page. */
export function problemsPage(): string {
  const rows = problemCodes.map((code) => {
    const { status, title } = problemTable[code]
    return `| ${status} | [\`${code}\`](#${code}) | ${title} | ${problemTable[code].retry} |`
  })
  const sections = problemCodes.flatMap((code) => {
    const { status, title, when, todo, retry } = problemTable[code]
    return [
      `## ${code}`,
      '',
      `${status}: ${title}. \`${problemType(code)}\``,
      '',
      `- When: ${when}`,
      `- What to do: ${todo}`,
      `- Send it again: ${retryText[retry]}.`,
      ''
    ]
  })
  return [
    '# Problems',
    '',
    'What the API answers when it does not do what was asked: a problem document (RFC 9457) with `type`, `title`,',
    '`status`, `detail`, `instance`, `code`, `correlationId`, and `errors` (`path`, `message`) for broken rules. Match on',
    '`code`; it stays, as does `type`, a name made of it that is not an address. `GET /api/v1/problems/{code}` answers the entry',
    'below as JSON. Codes inside the system are another thing: [errors.md](errors.md).',
    '',
    '| status | code | title | send again |',
    '|---|---|---|---|',
    ...rows,
    '',
    ...sections,
    'This page is written by `make docs` from `ingress/http/problem-table.ts`.',
    ''
  ].join('\n')
}
