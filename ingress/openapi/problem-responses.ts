/**
 * Problems in the API description: one response a status and set of codes, with an example for each
 * code.
 *
 * @module
 */
import {
  basePath,
  example,
  Problem,
  type ProblemCode,
  problemCodes,
  problemTable
} from '../http/index.ts'
import type { JsonSchema } from './json-schema.ts'
import { alwaysPossible } from './route-problems.ts'

/** Codes that come with broken rules. */
const rules: Partial<Record<ProblemCode, { path: string; message: string }>> = {
  validation_failed: { path: '/pickup/lat', message: 'must be number' },
  outside_service_area: { path: '/pickup', message: 'is outside every market' }
}

/** What a component's name begins with. */
const nameByStatus: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  408: 'RequestTimeout',
  411: 'LengthRequired',
  413: 'TooLarge',
  415: 'UnsupportedMediaType',
  422: 'Unprocessable',
  426: 'UpgradeRequired',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'Unavailable'
}

const header = (name: string): JsonSchema => ({ $ref: `#/components/headers/${name}` })

/** One document for each code of these sets, as it would come. */
export const problemExamples = (
  sets: Iterable<readonly ProblemCode[]>
): Record<string, JsonSchema> => {
  const used = new Set([...sets].flat())
  return Object.fromEntries(
    problemCodes
      .filter((code) => used.has(code))
      .map((code) => {
        const rule = rules[code]
        const options =
          rule === undefined ? {} : { detail: `${rule.path} ${rule.message}`, errors: [rule] }
        const text = new Problem(code, options).render({
          instance: `${basePath}/rides`,
          correlationId: example.correlationId
        })
        const { when, title } = problemTable[code]
        return [code, { summary: title, description: when, value: JSON.parse(text) as unknown }]
      })
  )
}

/** The responses of a route for these codes, by status; each is a component. */
export const problemResponses = (codes: readonly ProblemCode[]): Record<string, JsonSchema> =>
  Object.fromEntries(
    [...byStatus(codes)].map(([status, group]) => [
      status,
      { $ref: `#/components/responses/${componentName(status, group)}` }
    ])
  )

/** The components that `problemResponses` refers to for these sets of codes. */
export const problemComponents = (
  sets: Iterable<readonly ProblemCode[]>
): Record<string, JsonSchema> => {
  const components: Record<string, JsonSchema> = {}
  for (const codes of sets) {
    for (const [status, group] of byStatus(codes)) {
      components[componentName(status, group)] ??= responseOf(status, group)
    }
  }
  return Object.fromEntries(Object.entries(components).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** `ForbiddenSubjectForbidden`: the status and what comes beside what any route may answer. */
const componentName = (status: number, codes: readonly ProblemCode[]): string => {
  const base = nameByStatus[status] ?? `Status${status}`
  const special = codes.filter((code) => !alwaysPossible.includes(code)).map(pascalCase)
  return [base, ...special.filter((name) => name !== base)].join('')
}

const pascalCase = (code: string): string =>
  code.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())

const byStatus = (codes: readonly ProblemCode[]): Map<number, ProblemCode[]> => {
  const groups = new Map<number, ProblemCode[]>()
  for (const code of codes) {
    const { status } = problemTable[code]
    groups.set(status, [...(groups.get(status) ?? []), code])
  }
  return groups
}

const responseOf = (status: number, codes: readonly ProblemCode[]): JsonSchema => ({
  description: codes.map((code) => `\`${code}\`: ${problemTable[code].title}.`).join(' '),
  headers: {
    'X-Correlation-Id': header('CorrelationId'),
    ...(status === 401 ? { 'WWW-Authenticate': header('WwwAuthenticate') } : {}),
    ...(status === 429 || status === 503 ? { 'Retry-After': header('RetryAfter') } : {}),
    ...(status === 429 ? limitHeaders : {})
  },
  content: {
    'application/problem+json': {
      schema: {
        $ref: '#/components/schemas/Problem',
        properties: { code: { type: 'string', enum: codes } }
      },
      examples: Object.fromEntries(
        codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])
      )
    }
  }
})

/** Where the caller stands with its limit. */
export const limitHeaders: Readonly<Record<string, JsonSchema>> = {
  'RateLimit-Limit': header('RateLimitLimit'),
  'RateLimit-Policy': header('RateLimitPolicy'),
  'RateLimit-Remaining': header('RateLimitRemaining'),
  'RateLimit-Reset': header('RateLimitReset')
}
