/**
 * @module Compares two descriptions of the API, operation by operation.
 *
 * | on the way in | breaking |
 * |---|---|
 * | operation, parameter, body field, enumeration value, alternative, media type | gone |
 * | parameter, body, body field | new and required, or now required |
 * | type, limit, pattern, format | narrower |
 * | role, token | a role gone, a token now needed |
 *
 * | on the way out | breaking |
 * |---|---|
 * | status of success, header, field, enumeration value, media type | gone, or no longer always there |
 * | type, limit, pattern | wider; null where there was none |
 *
 * New fields, values and kinds of answers, and new problems, are announced in the description and so
 * compatible.
 */
import {
  type ApiDocument,
  dereference,
  isObject,
  type JsonSchema
} from '../../ingress/openapi/index.ts'
import type { Change, Difference } from './change.ts'
import { compareSchemas } from './compare-schemas.ts'

/** Every change, in the order of the older description; texts and examples do not count. */
export function compareDocuments(before: ApiDocument, after: ApiDocument): Change[] {
  const left = operationsOf(before)
  const right = operationsOf(after)
  const changes: Change[] = []
  for (const [where, operation] of left) {
    const other = right.get(where)
    const differences: Difference[] =
      other === undefined
        ? [{ kind: 'breaking', what: 'the operation is gone' }]
        : compareOperations(operation, other)
    changes.push(...differences.map((difference) => ({ where, ...difference })))
  }
  for (const where of right.keys()) {
    if (!left.has(where)) changes.push({ kind: 'compatible', where, what: 'the operation is new' })
  }
  return changes
}

type Operation = JsonSchema

function operationsOf(document: ApiDocument): Map<string, Operation> {
  const paths = dereference(document.paths, document) as Record<string, Record<string, Operation>>
  return new Map(
    Object.entries(paths).flatMap(([path, byMethod]) =>
      Object.entries(byMethod).map(([method, operation]) => [
        `${method.toUpperCase()} ${path}`,
        operation
      ])
    )
  )
}

function compareOperations(before: Operation, after: Operation): Difference[] {
  return [
    ...compareNames(before, after),
    ...compareRoles(before, after),
    ...compareParameters(before, after),
    ...compareBodies(before['requestBody'], after['requestBody']),
    ...compareResponses(before, after)
  ]
}

/** Generated clients name their functions by it. */
function compareNames(before: Operation, after: Operation): Difference[] {
  const [left, right] = [before['operationId'], after['operationId']]
  return left === right ? [] : [breaking(`operationId was ${left}, is ${right}`)]
}

function compareRoles(before: Operation, after: Operation): Difference[] {
  const [left, right] = [accessOf(before), accessOf(after)]
  if (left.isOpen !== right.isOpen) {
    return right.isOpen ? [compatible('needs no token')] : [breaking('now needs a token')]
  }
  return [
    ...left.roles
      .filter((role) => !right.roles.includes(role))
      .map((role) => breaking(`role ${role} is gone`)),
    ...right.roles
      .filter((role) => !left.roles.includes(role))
      .map((role) => compatible(`role ${role} is new`))
  ]
}

function accessOf(operation: Operation): { isOpen: boolean; roles: readonly string[] } {
  return {
    isOpen: (operation['security'] as unknown[]).length === 0,
    roles: (operation['x-roles'] ?? []) as string[]
  }
}

function compareParameters(before: Operation, after: Operation): Difference[] {
  const [left, right] = [parametersOf(before), parametersOf(after)]
  const differences: Difference[] = []
  for (const [name, parameter] of left) {
    const other = right.get(name)
    if (other === undefined) {
      // A header that is no longer read does not disturb.
      const what = `${name} is gone`
      differences.push(parameter['in'] === 'header' ? compatible(what) : breaking(what))
      continue
    }
    if (parameter['required'] !== true && other['required'] === true) {
      differences.push(breaking(`${name} is now required`))
    } else if (parameter['required'] === true && other['required'] !== true) {
      differences.push(compatible(`${name} is no longer required`))
    }
    const schemas = { before: parameter['schema'], after: other['schema'] } as Schemas
    differences.push(...compareSchemas({ side: 'request', at: name, ...schemas }))
  }
  for (const [name, { required }] of right) {
    if (left.has(name)) continue
    const what = `${name} is new`
    differences.push(required === true ? breaking(`${what} and required`) : compatible(what))
  }
  return differences
}

interface Schemas {
  readonly before: JsonSchema
  readonly after: JsonSchema
}

function parametersOf(operation: Operation): Map<string, JsonSchema> {
  const parameters = (operation['parameters'] ?? []) as JsonSchema[]
  return new Map(
    parameters.map((parameter) => [
      `${String(parameter['in'])} ${String(parameter['name']).toLowerCase()}`,
      parameter
    ])
  )
}

function compareBodies(before: unknown, after: unknown): Difference[] {
  if (!isObject(before) && !isObject(after)) return []
  if (!isObject(before)) {
    const isRequired = isObject(after) && after['required'] === true
    return isRequired ? [breaking('a body is now required')] : [compatible('takes a body')]
  }
  if (!isObject(after)) return [breaking('the body is gone')]
  const wasRequired = before['required'] === true
  const isRequired = after['required'] === true
  return [
    ...(!wasRequired && isRequired ? [breaking('the body is now required')] : []),
    ...(wasRequired && !isRequired ? [compatible('the body may be left out')] : []),
    ...compareContents({ side: 'request', at: 'body', before, after })
  ]
}

function compareResponses(before: Operation, after: Operation): Difference[] {
  const [left, right] = [responsesOf(before), responsesOf(after)]
  const differences: Difference[] = []
  for (const [status, response] of left) {
    const other = right.get(status)
    if (other !== undefined) differences.push(...compareAnswers(status, response, other))
    else if (isSuccess(status)) differences.push(breaking(`${status} is gone`))
    else differences.push(compatible(`${status} is gone`))
  }
  for (const status of right.keys()) {
    if (!left.has(status)) differences.push(compatible(`${status} is new`))
  }
  return differences
}

const isSuccess = (status: string): boolean => status.startsWith('2')

function responsesOf(operation: Operation): Map<string, JsonSchema> {
  return new Map(Object.entries(operation['responses'] as Record<string, JsonSchema>))
}

function compareAnswers(status: string, before: JsonSchema, after: JsonSchema): Difference[] {
  const [left, right] = [before, after].map(({ headers }) => Object.keys((headers ?? {}) as object))
  const content = compareContents({ side: 'answer', at: status, before, after })
  return [
    ...(left ?? [])
      .filter((name) => !right?.includes(name))
      .map((name) => breaking(`${status}: ${name} is gone`)),
    ...(right ?? [])
      .filter((name) => !left?.includes(name))
      .map((name) => compatible(`${status}: ${name} is new`)),
    // A problem that no longer comes is nobody's loss.
    ...content.map((difference) =>
      !isSuccess(status) && / value \S+ is gone$/.test(difference.what)
        ? compatible(difference.what)
        : difference
    )
  ]
}

function compareContents(pair: {
  side: 'request' | 'answer'
  at: string
  before: JsonSchema
  after: JsonSchema
}): Difference[] {
  const { side, at } = pair
  const [left, right] = [contentOf(pair.before), contentOf(pair.after)]
  return [
    ...Object.keys(left)
      .filter((type) => right[type] === undefined)
      .map((type) => breaking(`${at}: ${type} is gone`)),
    ...Object.keys(right)
      .filter((type) => left[type] === undefined)
      .map((type) => compatible(`${at}: ${type} is new`)),
    ...Object.entries(left).flatMap(([type, { schema: before = {} }]) => {
      const after = right[type]
      if (after === undefined) return []
      return compareSchemas({ side, at, before, after: after.schema ?? {} })
    })
  ]
}

type Content = Record<string, { schema?: JsonSchema } | undefined>

const contentOf = (holder: JsonSchema) =>
  (holder['content'] ?? {}) as Content as Record<string, { schema?: JsonSchema }>

const breaking = (what: string): Difference => ({ kind: 'breaking', what })
const compatible = (what: string): Difference => ({ kind: 'compatible', what })
