/**
 * @module What changed between two descriptions of the API, and whether a client that worked with the
 * one still works with the other.
 */

/** `breaking`: a client may fail. `compatible`: what worked goes on working. */
export type ChangeKind = 'breaking' | 'compatible'

export interface Change {
  readonly kind: ChangeKind
  /** The operation, such as `POST /rides`. */
  readonly where: string
  readonly what: string
}

/** Whose side a schema is on: what clients send, or what they are answered. */
export type Side = 'request' | 'answer'

/** What is told of a difference. */
export interface Difference {
  readonly kind: ChangeKind
  readonly what: string
}

/**
 * Taking more is safe in requests, sending less is safe in answers: the same difference of two schemas
 * has opposite kinds on the two sides.
 */
export function kindOf(side: Side, direction: 'wider' | 'narrower'): ChangeKind {
  return (side === 'request') === (direction === 'wider') ? 'compatible' : 'breaking'
}
