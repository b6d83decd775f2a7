/**
 * @module Holds what an ingress answered against what Kafka kept. Pure, so that its own tests can show
 * what it finds.
 */
import type { Answer } from './ingress-load.ts'

/** What can be wrong. */
export type EdgeAnomaly =
  /** Answered 202, not in the topic. */
  | 'lost'
  /** Answered as surely not taken, yet in the topic. */
  | 'refused-but-written'
  /** In the topic without having been sent. */
  | 'unsent'
  /** In a fault that leaves nothing in doubt, the topic holds more than the 202s. */
  | 'more-than-answered'
  /** Neither 202 nor a 503 problem document. */
  | 'not-a-503'
  /** A 503 whose `Retry-After` is no number of seconds from 1 to the limit. */
  | 'no-retry-after'
  /** All 503s say the same `Retry-After`: their clients would come back at once. */
  | 'not-spread'
  /** Answered past the limit. */
  | 'late'

export interface Evidence {
  readonly answers: readonly Answer[]
  /** `ce_id` of every record of the load, in any order, repeats included. */
  readonly writtenIds: readonly string[]
  /** Deadline and slack, ms. */
  readonly latencyMsMax: number
  /** Whether no answer may be in doubt. */
  readonly isClean: boolean
  /** Whether the process was killed: a connection that breaks is no answer and no lie. */
  readonly mayBreakConnections: boolean
}

/** The largest number of seconds `Retry-After` may name. */
const retryAfterSecondsMax = 3
/** With three values, 30 equal ones in a row are a defect and no chance. */
const spreadAnswersMin = 30
/** These say that the record was not taken; `unknown_outcome` alone leaves it open. */
const sureRefusals = new Set(['overloaded', 'broker_unavailable', 'draining'])

/** What is wrong, each with up to three examples; empty when all is well. */
export function judgeIngress(evidence: Evidence): Partial<Record<EdgeAnomaly, readonly string[]>> {
  const { answers, latencyMsMax, isClean, mayBreakConnections } = evidence
  const written = new Set(evidence.writtenIds)
  const sent = new Map(answers.map((answer) => [answer.id, answer]))
  const found: Partial<Record<EdgeAnomaly, string[]>> = {}
  const report = (anomaly: EdgeAnomaly, example: string): void => {
    found[anomaly] ??= []
    if (found[anomaly].length < 3) found[anomaly].push(example)
  }
  for (const answer of answers) {
    const { id, status, code, latencyMs } = answer
    if (status === 202 && !written.has(id)) report('lost', id)
    if (code !== null && sureRefusals.has(code) && written.has(id)) {
      report('refused-but-written', `${id} ${code}`)
    }
    const isBroken = status === 0 && mayBreakConnections
    if (status !== 202 && !isProblem(answer) && !isBroken)
      report('not-a-503', `${id} ${status} ${code}`)
    if (status === 503 && !hasRetryAfter(answer))
      report('no-retry-after', String(answer.retryAfter))
    if (latencyMs > latencyMsMax) report('late', `${id} ${code} ${Math.round(latencyMs)} ms`)
  }
  for (const id of written) {
    if (!sent.has(id)) report('unsent', id)
    else if (isClean && sent.get(id)?.status !== 202) report('more-than-answered', id)
  }
  const refused = answers.filter(({ status }) => status === 503)
  const values = new Set(refused.map(({ retryAfter }) => retryAfter))
  if (refused.length >= spreadAnswersMin && values.size < 2)
    report('not-spread', [...values].join())
  return found
}

function isProblem({ status, contentType, code }: Answer): boolean {
  return status === 503 && contentType === 'application/problem+json' && code !== null
}

function hasRetryAfter({ retryAfter }: Answer): boolean {
  const seconds = Number(retryAfter)
  return (
    retryAfter !== null &&
    Number.isInteger(seconds) &&
    seconds >= 1 &&
    seconds <= retryAfterSecondsMax
  )
}
