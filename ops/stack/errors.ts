/**
 * The one error class of the stack tooling: a sentence about what is wrong and one about the way out.
 *
 * @module
 */

/** What went wrong, for programs; the message is for people. */
export type StackErrorCode =
  | 'HAIL_STACK_CONFIG'
  | 'HAIL_STACK_MISSING_TOOL'
  | 'HAIL_STACK_INSTALL'
  | 'HAIL_STACK_CHECKSUM'
  | 'HAIL_STACK_START'
  | 'HAIL_STACK_STOP'
  | 'HAIL_STACK_DOWN'
  | 'HAIL_STACK_LOCKED'

/** An operating error of the local stack; the message ends with what to do. */
export class StackError extends Error {
  readonly code: StackErrorCode

  constructor(code: StackErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'StackError'
    this.code = code
  }
}

/** The message of whatever was thrown, for a line of text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
