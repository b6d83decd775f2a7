/**
 * Writes whole documents, where an older one never replaces a newer one.
 *
 * 1. Of the records of one key only the newest is written.
 * 2. What is stored is known from the writer's memory, or read: versions only, one read a batch.
 * 3. Absent documents are inserted, older ones replaced under the guard `version < new`, newer ones
 *    left alone. Inserts cost a fraction of upserts, and a replay writes nothing at all.
 * 4. Where the collection turns out otherwise (an insert meets a document, a guard matches none),
 *    the key is read and decided again.
 *
 * Memory is only a hint: the unique `_id` and the guard decide.
 *
 * @module
 */

import { LRUCache } from 'lru-cache'
import { RetryError } from '../../core/index.ts'
import type { Collection, Operation, WriteReport } from './collection.ts'
import {
  emptyOutcome,
  type NewestPlan,
  type Planned,
  type StoredDocument,
  type WriteOutcome,
  type Writer
} from './connector.ts'

/** A key is decided once more for each bad record in front and each lost race; more is a fault. */
const roundsMax = 100

/** The version of documents that have none: the first stays. */
const noVersion = 0

type Candidate = Planned<NewestPlan> & { readonly version: number }

/** The records of one key, oldest version first. */
type Group = { readonly id: string; readonly candidates: Candidate[]; isChecked: boolean }

type Attempt = { readonly group: Group; readonly newest: Candidate; readonly operation: Operation }

/** What a newest writer needs. */
export type NewestWriterOptions = {
  readonly collection: Collection
  readonly versionField: string | null
  /** Keys whose stored version is remembered; about 150 bytes each. */
  readonly keysMax: number
}

/** Creates a writer of whole documents. */
export function createNewestWriter(options: NewestWriterOptions): Writer<NewestPlan> {
  return new NewestWriter(options)
}

class NewestWriter implements Writer<NewestPlan> {
  readonly #collection: Collection
  readonly #versionField: string | null
  readonly #versions: LRUCache<string, number>

  constructor({ collection, versionField, keysMax }: NewestWriterOptions) {
    this.#collection = collection
    this.#versionField = versionField
    this.#versions = new LRUCache({ max: keysMax })
  }

  forget(): void {
    this.#versions.clear()
  }

  async write(planned: readonly Planned<NewestPlan>[]): Promise<WriteOutcome> {
    const outcome = emptyOutcome()
    let pending = this.#group(planned)
    try {
      for (let round = 0; pending.length > 0; round += 1) {
        if (round === roundsMax) {
          const message = `${pending.length} keys were not decided in ${roundsMax} rounds`
          throw new RetryError('HAIL_MONGO_UNAVAILABLE', message)
        }
        pending = await this.#round(pending, outcome)
      }
    } catch (error) {
      // Any part may have been written.
      for (const { plan } of planned) this.#versions.delete(plan.document._id)
      throw error
    }
    return outcome
  }

  #group(planned: readonly Planned<NewestPlan>[]): Group[] {
    const groups = new Map<string, Group>()
    for (const { record, plan } of planned) {
      const id = plan.document._id
      const group = groups.get(id) ?? { id, candidates: [], isChecked: false }
      group.candidates.push({ record, plan, version: this.#versionOf(plan.document) })
      groups.set(id, group)
    }
    for (const { candidates } of groups.values()) {
      // Stable, and versions of one key come in order anyway: this is for writers that retried.
      if (candidates.length > 1) candidates.sort((a, b) => a.version - b.version)
    }
    return [...groups.values()]
  }

  #versionOf(document: StoredDocument): number {
    if (this.#versionField === null) return noVersion
    const value = document[this.#versionField]
    return value instanceof Date ? value.getTime() : Number(value)
  }

  /** Decides each group once; returns those that have to be decided again. */
  async #round(groups: readonly Group[], outcome: WriteOutcome): Promise<Group[]> {
    const stored = await this.#readStored(groups)
    const attempts: Attempt[] = []
    for (const group of groups) {
      const attempt = this.#decide(group, stored.get(group.id) ?? null, outcome)
      if (attempt !== null) attempts.push(attempt)
    }
    const report = await this.#collection.write(attempts.map(({ operation }) => operation))
    return this.#settle(attempts, report, outcome)
  }

  async #readStored(groups: readonly Group[]): Promise<Map<string, number>> {
    const stored = new Map<string, number>()
    const unknown: string[] = []
    for (const { id, candidates, isChecked } of groups) {
      const version = this.#versions.get(id)
      if (version !== undefined) stored.set(id, version)
      else if (isChecked || candidates[0]?.plan.isFirst !== true) unknown.push(id)
    }
    const documents = await this.#collection.read(unknown, this.#versionField ?? '_id')
    for (const document of documents) {
      const version = this.#versionOf(document)
      stored.set(document._id, version)
      this.#versions.set(document._id, version)
    }
    return stored
  }

  #decide(group: Group, stored: number | null, outcome: WriteOutcome): Attempt | null {
    const newest = group.candidates.at(-1) as Candidate
    const { document } = newest.plan
    if (stored === null) return { group, newest, operation: { kind: 'insert', document } }
    if (stored >= newest.version || this.#versionField === null) {
      outcome.stale += group.candidates.length
      return null
    }
    const guard = { [this.#versionField]: { $lt: document[this.#versionField] } }
    return { group, newest, operation: { kind: 'replace', document, guard } }
  }

  #settle(attempts: readonly Attempt[], report: WriteReport, outcome: WriteOutcome): Group[] {
    const again: Group[] = []
    const replaced: Attempt[] = []
    for (const [index, attempt] of attempts.entries()) {
      const { group, newest, operation } = attempt
      const failure = report.failures.get(index)
      if (failure === undefined) {
        if (operation.kind === 'replace') replaced.push(attempt)
        else this.#succeed(attempt, outcome)
      } else if (failure.kind === 'data') {
        const { code, reason } = failure
        group.candidates.pop()
        outcome.bad.push({ record: newest.record, code, reason })
        if (group.candidates.length > 0) again.push(group)
      } else if (operation.kind === 'insert' && !group.isChecked) {
        this.#recheck(group, again)
      } else {
        // Not `_id`: it was absent, or a replace. Another key holds a value that must be unique.
        outcome.conflicts.push(...group.candidates.map(({ record }) => record))
      }
    }
    // A bulk write says how many guards matched, not which.
    if (report.replaced >= replaced.length) {
      for (const attempt of replaced) this.#succeed(attempt, outcome)
    } else {
      for (const { group } of replaced) this.#recheck(group, again)
    }
    return again
  }

  #succeed({ group, newest }: Attempt, outcome: WriteOutcome): void {
    this.#versions.set(group.id, newest.version)
    outcome.written += group.candidates.length
  }

  #recheck(group: Group, again: Group[]): void {
    this.#versions.delete(group.id)
    group.isChecked = true
    again.push(group)
  }
}
