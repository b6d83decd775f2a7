/**
 * Holds every answer of a test against the API description: its status, its media type, its headers
 * and every field of its body must be documented for the route that was asked.
 *
 * @module
 */
import { Compile } from 'typebox/compile'
import {
  type ApiDocument,
  createDocument,
  dereference,
  isObject,
  type JsonSchema
} from '../openapi/index.ts'
import { apiRoutes } from '../routes.ts'

/** An answer and what was asked; `path` is below the base and may have a query. */
export type Answer = {
  method: string
  path: string
  status: number
  headers: Headers
  body: unknown
}

type Operation = {
  responses: Record<string, { headers?: Record<string, unknown>; content?: Content }>
}
type Content = Record<string, { schema?: JsonSchema }>

/** Codes of answers that belong to no operation. */
const unrouted = ['route_not_found', 'method_not_allowed', 'origin_forbidden']

/** Checks answers; throws an error that names what is not documented. */
export type AnswerChecker = (answer: Answer) => void

/** A checker for a description; the one of the routes by default. */
export const createAnswerChecker = (
  document: ApiDocument = createDocument(apiRoutes)
): AnswerChecker => {
  const paths = dereference(document.paths, document) as Record<string, Record<string, Operation>>
  const validators = new Map<unknown, ReturnType<typeof Compile>>()
  const validatorOf = (schema: JsonSchema): ReturnType<typeof Compile> => {
    const known = validators.get(schema)
    if (known !== undefined) return known
    const made = Compile(close(schema) as never)
    validators.set(schema, made)
    return made
  }

  return ({ method, path, status, headers, body }) => {
    const asked = `${method} ${path}: ${status}`
    const operation = findOperation(paths, method, path)
    const code = isObject(body) ? body['code'] : undefined
    if (operation === null || unrouted.includes(String(code))) {
      if (unrouted.includes(String(code))) return
      throw new Error(`${asked} is an answer of no documented route`)
    }
    const response = operation.responses[status]
    if (response === undefined) throw new Error(`${asked} (${code}) is not documented`)
    requireHeaders(asked, { status, documented: Object.keys(response.headers ?? {}), headers })
    const type = (headers.get('content-type') ?? '').split(';')[0] ?? ''
    if (response.content === undefined) return
    const media = response.content[type]
    if (media === undefined) throw new Error(`${asked} is not documented as ${type}`)
    if (media.schema === undefined || type === 'text/html') return
    const validator = validatorOf(media.schema)
    if (validator.Check(body)) return
    const findings = validator
      .Errors(body)
      .map(
        ({ instancePath, message, params }) =>
          `${instancePath} ${message} ${JSON.stringify(params)}`
      )
    throw new Error(
      `${asked} does not fit its schema: ${findings.join('; ')}: ${JSON.stringify(body)}`
    )
  }
}

/** Fixed paths win over those with parameters, as in the server. */
const findOperation = (
  paths: Record<string, Record<string, Operation>>,
  method: string,
  path: string
): Operation | null => {
  const plain = path.replace(/\?.*$/s, '')
  const matching = Object.keys(paths)
    .filter((template) =>
      new RegExp(`^${template.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`).test(plain)
    )
    .sort((left, right) => left.split('{').length - right.split('{').length)
  return paths[matching[0] ?? '']?.[method.toLowerCase()] ?? null
}

/** Limits can be switched off, and their headers with them; a batch may have nothing to retry. */
const isOptional = (name: string, status: number): boolean =>
  /^(RateLimit-|WWW-)/.test(name) || (name === 'Retry-After' && status < 400)

const requireHeaders = (
  asked: string,
  answer: { status: number; documented: readonly string[]; headers: Headers }
): void => {
  const { status, documented, headers } = answer
  const missing = documented.filter((name) => !isOptional(name, status) && !headers.has(name))
  if (missing.length > 0) throw new Error(`${asked} came without ${missing.join(', ')}`)
  for (const name of ['Location', 'ETag', 'Retry-After']) {
    if (headers.has(name) && !documented.includes(name)) {
      throw new Error(`${asked} came with ${name}, which is not documented`)
    }
  }
}

/** Described objects are open so that they may grow; what a test sees must all be documented. */
const close = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(close)
  if (!isObject(schema)) return schema
  const closed = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, close(value)])
  )
  return schema['type'] !== undefined && isObject(schema['properties'])
    ? { ...closed, additionalProperties: false }
    : closed
}
