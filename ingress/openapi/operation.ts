/**
 * One route as an operation of the API description.
 *
 * @module
 */
import type { ReplyHeader, ResponseDoc, Route } from '../http/index.ts'
import type { SchemaComponents } from './components.ts'
import type { JsonSchema } from './json-schema.ts'
import { limitHeaders, problemResponses } from './problem-responses.ts'
import { problemsOf } from './route-problems.ts'

/** A route with its services forgotten. */
export type AnyRoute = Route<never>

/** `/rides/:rideId` as `/rides/{rideId}`. */
export const templateOf = (path: string): string => path.replace(/:(\w+)/g, '{$1}')

/** Names of the parameters in a path. */
export const pathParameters = (path: string): string[] =>
  [...path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? '')

/** Name of the component of a path parameter. */
export const parameterName = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)

/** The operation; its schemas must have been added to the components in their order. */
export const describeRoute = (route: AnyRoute, components: SchemaComponents): JsonSchema => ({
  operationId: operationId(route),
  summary: route.summary,
  tags: [route.tag],
  security: [{ bearer: [] }],
  'x-roles': route.roles,
  'x-limit': route.limit,
  parameters: [
    ...pathParameters(route.path).map((name) => parameter(parameterName(name))),
    ...queryParameters(route, components),
    ...headerParameters(route)
  ],
  ...(route.body === undefined ? {} : { requestBody: requestBody(route, components) }),
  responses: {
    ...Object.fromEntries(
      Object.entries(route.responses).map(([status, response]) => [
        status,
        describeResponse(response, components)
      ])
    ),
    ...problemResponses(problemsOf(route))
  }
})

/** `POST /rides/:rideId/cancel` as `postRidesByRideIdCancel`. */
const operationId = ({ method, path }: AnyRoute): string =>
  method.toLowerCase() +
  path
    .replace(/:(\w+)/g, (_, name: string) => `by-${name}`)
    .split(/[/_-]/)
    .map(parameterName)
    .join('')

const parameter = (name: string): JsonSchema => ({ $ref: `#/components/parameters/${name}` })

const headerParameters = ({ idempotency, responses }: AnyRoute): JsonSchema[] => [
  ...(idempotency === 'required' ? [parameter('IdempotencyKey')] : []),
  ...(idempotency === 'optional' ? [parameter('OptionalIdempotencyKey')] : []),
  ...(responses[304] === undefined ? [] : [parameter('IfNoneMatch')]),
  ...['CorrelationId', 'Traceparent', 'Tracestate'].map(parameter)
]

const queryParameters = (route: AnyRoute, components: SchemaComponents): JsonSchema[] => {
  if (route.query === undefined) return []
  const { properties = {}, required = [] } = components.describe(route.query, 'request') as {
    properties?: Record<string, JsonSchema>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...schema }]) => {
    const value = route.example?.query?.[name]
    return {
      name,
      in: 'query',
      ...(description === undefined ? {} : { description }),
      ...(required.includes(name) ? { required: true } : {}),
      schema,
      ...(value === undefined ? {} : { example: value })
    }
  })
}

const requestBody = (route: AnyRoute, components: SchemaComponents): JsonSchema => {
  const { body, bodyOptional = false, example } = route
  return {
    required: !bodyOptional,
    content: {
      'application/json': {
        ...(body === undefined ? {} : { schema: components.describe(body, 'request') }),
        ...(example?.body === undefined ? {} : { example: example.body })
      }
    }
  }
}

const headerByName: Readonly<Record<ReplyHeader, readonly [string, string]>> = {
  location: ['Location', 'Location'],
  etag: ['ETag', 'ETag'],
  'retry-after': ['Retry-After', 'RetryAfter']
}

const describeResponse = (response: ResponseDoc, components: SchemaComponents): JsonSchema => {
  const { description, schema, example, headers = [] } = response
  const own = headers.map((name) => {
    const [shown, component] = headerByName[name]
    return [shown, { $ref: `#/components/headers/${component}` }] as const
  })
  return {
    description,
    headers: {
      ...Object.fromEntries(own),
      'X-Correlation-Id': { $ref: '#/components/headers/CorrelationId' },
      ...limitHeaders
    },
    ...(schema === undefined
      ? {}
      : {
          content: {
            'application/json': {
              schema: components.describe(schema, 'answer'),
              ...(example === undefined ? {} : { example })
            }
          }
        })
  }
}
