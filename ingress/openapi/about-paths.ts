/**
 * The routes by which the API tells of itself, in the API description. They need no token; the limit
 * of addresses counts.
 *
 * @module
 */
import { type ProblemCode, problemCodes, problemTable, problemType } from '../http/index.ts'
import type { JsonSchema } from './json-schema.ts'
import { problemResponses } from './problem-responses.ts'

const headers = {
  ETag: { $ref: '#/components/headers/ETag' },
  'X-Correlation-Id': { $ref: '#/components/headers/CorrelationId' }
}

/** What each of them may answer; an unknown code of a problem is an unknown route. */
export const aboutProblems: readonly ProblemCode[] = [
  'route_not_found',
  'rate_limited',
  'internal_error',
  'draining'
]

const operation = (options: {
  operationId: string
  summary: string
  parameters?: JsonSchema[]
  content: JsonSchema
}): JsonSchema => ({
  operationId: options.operationId,
  summary: options.summary,
  tags: ['about'],
  security: [],
  parameters: [...(options.parameters ?? []), { $ref: '#/components/parameters/IfNoneMatch' }],
  responses: {
    200: { description: 'What was asked for', headers, content: options.content },
    304: { description: 'As the ETag in If-None-Match says', headers },
    ...problemResponses(aboutProblems)
  }
})

/** The entry of a problem, as `/problems/{code}` answers it. */
export const problemEntry = (code: ProblemCode) => ({
  code,
  type: problemType(code),
  ...problemTable[code]
})

const text = { type: 'string' }

const problemEntrySchema = {
  type: 'object',
  required: ['code', 'type', 'status', 'title', 'when', 'todo', 'retry'],
  properties: {
    code: { type: 'string', enum: problemCodes },
    type: { type: 'string', description: 'The `type` of its problem documents' },
    status: { type: 'integer' },
    title: text,
    when: { type: 'string', description: 'When it comes' },
    todo: { type: 'string', description: 'What the client should do' },
    retry: {
      type: 'string',
      enum: ['never', 'changed', 'same'],
      description: 'Whether to send the request again: never, changed, or the same with its key'
    }
  }
}

/** Paths of the API description. */
export const aboutPaths: Readonly<Record<string, Record<string, JsonSchema>>> = {
  '/openapi.json': {
    get: operation({
      operationId: 'getOpenapi',
      summary: 'This description',
      content: { 'application/json': { schema: { type: 'object' } } }
    })
  },
  '/docs': {
    get: operation({
      operationId: 'getDocs',
      summary: 'This description as a page',
      content: { 'text/html': { schema: text } }
    })
  },
  '/problems/{code}': {
    get: operation({
      operationId: 'getProblemsByCode',
      summary: 'What a problem means and what to do',
      parameters: [
        {
          name: 'code',
          in: 'path',
          required: true,
          description: 'The `code` of a problem document',
          schema: { type: 'string', enum: problemCodes },
          example: 'rate_limited'
        }
      ],
      content: {
        'application/json': { schema: problemEntrySchema, example: problemEntry('rate_limited') }
      }
    })
  }
}
