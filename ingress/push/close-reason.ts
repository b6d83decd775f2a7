/**
 * Why connections end: the code and text the client gets, by the name under which it is counted.
 *
 * @module
 */

/** Close codes of RFC 6455, and 4001 of our own: come back with another token. */
export const closeReasons = {
  token_expired: [4001, 'the token has expired'],
  draining: [1001, 'the server is stopping, connect again'],
  binary: [1003, 'expected text'],
  bad_message: [1008, 'expected a message of docs/push.md'],
  too_many_messages: [1008, 'too many messages'],
  no_hello: [1008, 'expected hello'],
  too_big: [1009, 'the message is too long'],
  slow: [1013, 'too slow for too long, connect again'],
  unavailable: [1013, 'the snapshot cannot be read now, connect again']
} as const satisfies Record<string, readonly [number, string]>

/** One of them. */
export type CloseReason = keyof typeof closeReasons
