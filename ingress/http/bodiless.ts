/**
 * Replies that have no body: 304, and whatever HEAD is told. The wrapper ends them with two arguments,
 * the length that a body would have and whether to close. The older build of uWebSockets.js takes any
 * argument for "the body is still to come": it ends the connection at its next request, unanswered, and
 * never by time. Without arguments every build is done with the reply, and the length is a header.
 *
 * @module
 */
import type { Response } from 'hyper-express'

/** Call it before the reply is sent. The connection stays open, also while draining. */
export const endWithoutArguments = ({ raw }: Pick<Response, 'raw'>): void => {
  const end = raw.endWithoutBody
  raw.endWithoutBody = (length?: number) => {
    if (length !== undefined) raw.writeHeader('content-length', String(length))
    return end.call(raw)
  }
}
