import { createConfig, lintFromString } from '@redocly/openapi-core'
import { expect, test } from 'vitest'
import { apiRoutes } from '../routes.ts'
import { createDocument } from './index.ts'

/** Beside the strict rules. */
const rules = {
  // The stream answers 101 and goes on as a WebSocket.
  'operation-2xx-response': 'off',
  // /drivers/nearby and /drivers/{driverId}: OpenAPI says that the fixed one is matched first.
  'no-ambiguous-paths': 'off',
  'no-invalid-media-type-examples': 'error',
  'no-invalid-parameter-examples': 'error',
  'no-schema-type-mismatch': 'error',
  'no-required-schema-properties-undefined': 'error',
  'operation-operationId-url-safe': 'error',
  'operation-singular-tag': 'error',
  'request-mime-type': { severity: 'error', allowedValues: ['application/json'] },
  'response-mime-type': {
    severity: 'error',
    allowedValues: ['application/json', 'application/problem+json', 'text/html']
  },
  'path-parameters-defined': 'error',
  'no-duplicated-tag-names': 'error'
} as const

const lint = async (document: unknown): Promise<string[]> => {
  const config = await createConfig({ extends: ['recommended-strict'], rules } as never)
  const found = await lintFromString({
    source: JSON.stringify(document),
    absoluteRef: 'openapi.json',
    config
  })
  return found.map(
    ({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer ?? ''}: ${message}`
  )
}

test('the description passes the strict rules of a linter without a warning', async () => {
  expect(await lint(createDocument(apiRoutes))).toEqual([])
})

test('an example that does not fit its schema is found', async () => {
  const document = JSON.parse(JSON.stringify(createDocument(apiRoutes)))
  document.components.schemas.Place.properties.lat.maximum = 10
  expect(await lint(document)).toContainEqual(expect.stringContaining('/paths/~1rides/post'))
})
