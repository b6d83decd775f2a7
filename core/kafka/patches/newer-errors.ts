/**
 * @module kafkajs' table of errors ends at code 88, and calls every later one unknown: a producer
 * that another one has fenced would look like a commit of unknown outcome. Names and retriability
 * are those of Kafka's protocol.
 */

import type { Patch } from './patch.ts'

type ErrorCode = {
  readonly type: string
  readonly code: number
  readonly retriable: boolean
  readonly message: string
}

/** Those that the requests of this project can be answered with. */
const codes: readonly ErrorCode[] = [
  {
    type: 'THROTTLING_QUOTA_EXCEEDED',
    code: 89,
    retriable: true,
    message: 'The throttling quota has been exceeded'
  },
  {
    type: 'PRODUCER_FENCED',
    code: 90,
    retriable: false,
    message: 'There is a newer producer with the same transactional id'
  },
  {
    type: 'TRANSACTIONAL_ID_NOT_FOUND',
    code: 105,
    retriable: false,
    message: 'The transactional id is unknown to its coordinator'
  },
  {
    type: 'TRANSACTION_ABORTABLE',
    code: 120,
    retriable: false,
    message: 'The transaction cannot go on and has to be aborted'
  }
]

export const newerErrors: Patch = {
  name: 'newer-errors',
  apply(modules) {
    const { errorCodes } = modules.load<{ errorCodes: ErrorCode[] }>('src/protocol/error')
    errorCodes.push(...codes)
  }
}
