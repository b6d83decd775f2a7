/**
 * The API description (OpenAPI 3.1), made from the very definitions that validate and route. The same
 * routes give the same bytes.
 *
 * @module
 */
import { basePath, problemDocument } from '../http/index.ts'
import { aboutPaths, aboutProblems } from './about-paths.ts'
import { SchemaComponents } from './components.ts'
import { answerHeaders, requestHeaders } from './headers.ts'
import type { JsonSchema } from './json-schema.ts'
import {
  type AnyRoute,
  describeRoute,
  parameterName,
  pathParameters,
  templateOf
} from './operation.ts'
import { problemComponents, problemExamples } from './problem-responses.ts'
import { pushPaths, pushProblems } from './push-path.ts'
import { problemsOf } from './route-problems.ts'
import { apiVersion } from './version.ts'

/** A description as data. */
export type ApiDocument = {
  openapi: string
  info: { title: string; version: string; description: string } & JsonSchema
  tags: { name: string; description: string }[]
  paths: Record<string, Record<string, JsonSchema>>
  components: Record<string, Record<string, JsonSchema>>
} & JsonSchema

const description = `Riders, drivers and administrators of a ride-hailing marketplace.

- **202 means kept.** The answer comes after the event log acknowledged the record on all in-sync
  replicas; \`Location\` is where the outcome will appear.
- **Retry freely.** The same \`Idempotency-Key\` is the same ride, sign-up or action.
- **429 is yours, 503 is ours.** Both carry \`Retry-After\`.
- Errors are problem documents (RFC 9457). Match on \`code\`; \`/problems/{code}\` says what to do.
- Requests with fields that are not listed are refused. Answers may get new fields, and enumerations
  in answers new values, within a major version: ignore what you do not know.
- Times are epoch milliseconds, money is in minor units of its currency.
- A path that is not listed is 404 \`route_not_found\`; a method that is not, 405 \`method_not_allowed\`.`

const tags = [
  { name: 'signups', description: 'Becoming a customer or a driver' },
  { name: 'rides', description: 'Prices, rides and what riders do with them' },
  { name: 'partners', description: 'Rides that a hotel or a company books for its guests' },
  { name: 'drivers', description: 'Sessions, positions, offers and what drivers do with rides' },
  { name: 'outcomes', description: 'What became of what was accepted' },
  { name: 'push', description: 'The same as it comes, instead of asking; see docs/push.md' },
  { name: 'customers', description: 'Profiles of customers' },
  { name: 'bills', description: 'What rides cost' },
  { name: 'admin', description: 'For administrators' },
  { name: 'about', description: 'The API about itself; no token needed' }
]

/** Describes the routes. */
export const createDocument = (routes: readonly AnyRoute[]): ApiDocument => {
  const schemas = new SchemaComponents()
  // Requests first: a schema used both ways keeps its name there.
  for (const { body } of routes) if (body !== undefined) schemas.describe(body, 'request')
  schemas.describe(problemDocument, 'answer')
  const paths: ApiDocument['paths'] = {}
  for (const route of routes) {
    const template = templateOf(route.path)
    paths[template] = {
      ...paths[template],
      [route.method.toLowerCase()]: describeRoute(route, schemas)
    }
  }
  const problemSets = [...routes.map(problemsOf), pushProblems, aboutProblems]
  const used = new Set(routes.map(({ tag }) => tag)).add('push').add('about')
  return {
    openapi: '3.1.0',
    info: {
      title: 'Hailstream',
      version: apiVersion,
      description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' }
    },
    servers: [{ url: basePath, description: 'The server that gave this description' }],
    tags: tags.filter(({ name }) => used.has(name)),
    paths: { ...paths, ...pushPaths, ...aboutPaths },
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description:
            'Claims: `sub`, `role` (one of x-roles of the operation), `iss` hailstream, `aud` ' +
            'hailstream (administrators: hailstream-admin), `exp`'
        }
      },
      parameters: { ...describeParameters(routes), ...requestHeaders },
      headers: { ...answerHeaders },
      schemas: schemas.toDocument(),
      responses: problemComponents(problemSets),
      examples: problemExamples(problemSets)
    }
  }
}

const describeParameters = (routes: readonly AnyRoute[]): Record<string, JsonSchema> => {
  const found: Record<string, JsonSchema> = {}
  for (const { path, example } of routes) {
    for (const name of pathParameters(path)) {
      const value = example?.params?.[name]
      found[parameterName(name)] ??= {
        name,
        in: 'path',
        required: true,
        description: `Id that another answer gave as ${name}`,
        schema: { type: 'string', pattern: '^[A-Za-z0-9_.:-]{1,128}$' },
        ...(value === undefined ? {} : { example: value })
      }
    }
  }
  return found
}
