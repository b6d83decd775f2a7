/**
 * @module What the doctor tells: facts that need a hand, and facts worth knowing.
 */

/** `hand`: somebody has to act; `note`: it ends by itself or does no harm. */
export type Severity = 'hand' | 'note'

export interface Finding {
  readonly severity: Severity
  /** A word to search the runbook by, such as `store-lost`. */
  readonly kind: string
  /** What it is about: a task, a topic-partition, a group or a key. */
  readonly subject: string
  readonly message: string
  /** The next step: a command where there is one. */
  readonly next: string
}

/** One block a finding, those that need a hand first. */
export function findingsText(findings: readonly Finding[]): string {
  return ['hand', 'note']
    .flatMap((severity) => findings.filter((finding) => finding.severity === severity))
    .map(
      ({ severity, kind, subject, message, next }) =>
        `  [${severity}] ${kind} ${subject}: ${message}\n         next: ${next}`
    )
    .join('\n')
}
