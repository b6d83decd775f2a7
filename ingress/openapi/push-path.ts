/**
 * The route of push in the API description. OpenAPI knows no WebSocket: what is described is the
 * request that opens the stream and how it is refused; the frames are in docs/push.md.
 *
 * @module
 */
import type { ProblemCode } from '../http/index.ts'
import { streamRoute } from '../push/index.ts'
import type { JsonSchema } from './json-schema.ts'
import { problemResponses } from './problem-responses.ts'

/** How an upgrade may be refused. */
export const pushProblems: readonly ProblemCode[] = [
  'token_missing',
  'token_invalid',
  'token_expired',
  'role_forbidden',
  'origin_forbidden',
  'upgrade_required',
  'rate_limited',
  'internal_error',
  'overloaded',
  'auth_unavailable',
  'draining'
]

/** Paths of push. */
export const pushPaths: Readonly<Record<string, Record<string, JsonSchema>>> = {
  [streamRoute.path]: {
    get: {
      operationId: 'getStream',
      summary: 'Rides, offers and outcomes as they come, over WebSocket',
      tags: ['push'],
      security: [{ bearer: [] }],
      'x-roles': streamRoute.roles,
      'x-limit': streamRoute.limit,
      parameters: [
        {
          name: 'Upgrade',
          in: 'header',
          required: true,
          description: 'Asks for the WebSocket protocol, with the headers of RFC 6455 beside it',
          schema: { type: 'string', enum: ['websocket'] },
          example: 'websocket'
        },
        {
          name: 'Sec-WebSocket-Protocol',
          in: 'header',
          description:
            'For clients that cannot set Authorization: the protocol, and the token after `bearer.`',
          schema: { type: 'string' },
          example: `${streamRoute.protocol}, bearer.TOKEN`
        },
        { $ref: '#/components/parameters/CorrelationId' }
      ],
      responses: {
        101: { description: 'The stream is open; the client says hello first' },
        ...problemResponses(pushProblems)
      }
    }
  }
}
