/**
 * Problem documents (RFC 9457): the error that carries one from where it is noticed to where it is
 * written. What there is to be answered is in the table beside.
 *
 * @module
 */
import { type ProblemCode, problemTable, problemType } from './problem-table.ts'

/** One violated rule: `path` is a JSON pointer into the body, or the name of a query parameter. */
export type Violation = { path: string; message: string }

/** What else a problem carries. */
export type ProblemOptions = {
  detail?: string
  errors?: Violation[]
  headers?: Record<string, string>
  cause?: unknown
}

/** An answer other than success; thrown anywhere below a route, written by the server. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly status: number
  readonly title: string
  readonly detail: string | undefined
  readonly errors: Violation[] | undefined
  readonly headers: Record<string, string> | undefined

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    const { status, title } = problemTable[code]
    super(options.detail ?? title, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'Problem'
    this.code = code
    this.status = status
    this.title = title
    this.detail = options.detail
    this.errors = options.errors
    this.headers = options.headers
  }

  /** The document as JSON text; `instance` is the path of the request. */
  render({ instance, correlationId }: { instance: string; correlationId: string }): string {
    return JSON.stringify({
      type: problemType(this.code),
      title: this.title,
      status: this.status,
      detail: this.detail ?? this.title,
      instance,
      code: this.code,
      correlationId,
      ...(this.errors === undefined ? {} : { errors: this.errors })
    })
  }
}

/** Seconds for `Retry-After`: 1 to `spreadSeconds`, spread so that clients do not come back at once. */
export const retryAfterSeconds = (random: () => number, spreadSeconds = 3): string =>
  String(1 + Math.floor(random() * spreadSeconds))
