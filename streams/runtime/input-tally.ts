/**
 * @module What a task has read since its last commit, by source topic: how many records, how late
 * they were and how long they took to get here. Kept as plain sums, since it is paid for by each record.
 */

export interface TopicTally {
  readonly topic: string
  /** Records handled. */
  records: number
  /** Records whose timestamp was below stream time. */
  lateRecords: number
  /** Largest distance below stream time, ms. */
  latenessMsMax: number
  /** Largest age at handling, wall clock minus timestamp, ms. */
  ageMsMax: number
}

export class InputTally {
  #topics: TopicTally[] = []

  add(topic: string, facts: { timestampMs: number; streamMs: number; wallMs: number }): void {
    const tally = this.#of(topic)
    tally.records += 1
    const latenessMs = facts.streamMs - facts.timestampMs
    if (latenessMs > 0) {
      tally.lateRecords += 1
      if (latenessMs > tally.latenessMsMax) tally.latenessMsMax = latenessMs
    }
    const ageMs = facts.wallMs - facts.timestampMs
    if (ageMs > tally.ageMsMax) tally.ageMsMax = ageMs
  }

  /** The sums since the last call. */
  take(): readonly TopicTally[] {
    const taken = this.#topics
    this.#topics = []
    return taken
  }

  #of(topic: string): TopicTally {
    for (const tally of this.#topics) if (tally.topic === topic) return tally
    const made = { topic, records: 0, lateRecords: 0, latenessMsMax: 0, ageMsMax: 0 }
    this.#topics.push(made)
    return made
  }
}
