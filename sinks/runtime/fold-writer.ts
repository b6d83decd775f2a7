/**
 * Folds records into documents, each record exactly once, although records are delivered again
 * after a crash and batches are cut differently then.
 *
 * 1. The document is known from the writer's memory, or read.
 * 2. Records up to its `lastOffset` are passed over, the others folded in by the connector's pure
 *    function.
 * 3. It is inserted, or replaced under the guard `lastOffset = what was folded onto`: who folds
 *    onto an outdated document (a member that lost its partition, a memory that is stale) writes
 *    nothing, reads again and folds again.
 *
 * Example: a document with `lastOffset` 7 and a batch of offsets 5 to 9 takes 8 and 9.
 *
 * @module
 */

import { LRUCache } from 'lru-cache'
import { isHailError, RetryError } from '../../core/index.ts'
import type { KafkaRecord } from '../../core/kafka/index.ts'
import type { Collection, Operation, WriteReport } from './collection.ts'
import {
  emptyOutcome,
  type FoldPlan,
  type Planned,
  type StoredDocument,
  type WriteOutcome,
  type Writer
} from './connector.ts'

/** Finding one bad record among n takes log2(n) rounds, a lost race one. */
const roundsMax = 100

/** The records still to fold into one document, in offset order. */
type Group = {
  readonly id: string
  planned: readonly Planned<FoldPlan>[]
  /** Records folded at once: halved to find one that cannot be written. */
  limit: number
}

type Attempt = {
  readonly group: Group
  /** How many of the group's records the document holds after this. */
  readonly count: number
  readonly document: StoredDocument
  readonly operation: Operation
}

/** What a fold writer needs. */
export type FoldWriterOptions = {
  readonly collection: Collection
  /** Documents remembered, each as large as its connector makes it (at most some KiB). */
  readonly documentsMax: number
}

/** Creates a writer that folds. */
export function createFoldWriter(options: FoldWriterOptions): Writer<FoldPlan> {
  return new FoldWriter(options)
}

class FoldWriter implements Writer<FoldPlan> {
  readonly #collection: Collection
  readonly #documents: LRUCache<string, StoredDocument>

  constructor({ collection, documentsMax }: FoldWriterOptions) {
    this.#collection = collection
    this.#documents = new LRUCache({ max: documentsMax })
  }

  forget(): void {
    this.#documents.clear()
  }

  async write(planned: readonly Planned<FoldPlan>[]): Promise<WriteOutcome> {
    const outcome = emptyOutcome()
    let pending = groupById(planned)
    try {
      for (let round = 0; pending.length > 0; round += 1) {
        if (round === roundsMax) {
          const message = `${pending.length} documents were not written in ${roundsMax} rounds`
          throw new RetryError('HAIL_MONGO_UNAVAILABLE', message)
        }
        pending = await this.#round(pending, outcome)
      }
    } catch (error) {
      // Any part may have been written.
      for (const { plan } of planned) this.#documents.delete(plan.id)
      throw error
    }
    return outcome
  }

  /** Writes each document once; returns the groups that have records left. */
  async #round(groups: readonly Group[], outcome: WriteOutcome): Promise<Group[]> {
    const stored = await this.#readStored(groups)
    const attempts: Attempt[] = []
    for (const group of groups) {
      const attempt = foldOnto(stored.get(group.id) ?? null, group, outcome)
      if (attempt !== null) attempts.push(attempt)
    }
    const report = await this.#collection.write(attempts.map(({ operation }) => operation))
    this.#settle(attempts, report, outcome)
    return groups.filter(({ planned }) => planned.length > 0)
  }

  async #readStored(groups: readonly Group[]): Promise<Map<string, StoredDocument>> {
    const stored = new Map<string, StoredDocument>()
    const unknown: string[] = []
    for (const { id } of groups) {
      const document = this.#documents.get(id)
      if (document === undefined) unknown.push(id)
      else stored.set(id, document)
    }
    for (const document of await this.#collection.read(unknown)) stored.set(document._id, document)
    return stored
  }

  #settle(attempts: readonly Attempt[], report: WriteReport, outcome: WriteOutcome): void {
    const replaced: Attempt[] = []
    for (const [index, attempt] of attempts.entries()) {
      const failure = report.failures.get(index)
      if (failure === undefined) {
        if (attempt.operation.kind === 'replace') replaced.push(attempt)
        else this.#succeed(attempt, outcome)
      } else {
        this.#documents.delete(attempt.group.id)
        // A duplicate was inserted meanwhile: it is read in the next round.
        if (failure.kind === 'data') narrow(attempt, failure, outcome)
      }
    }
    if (report.replaced >= replaced.length) {
      for (const attempt of replaced) this.#succeed(attempt, outcome)
      return
    }
    // A bulk write says how many guards matched, not which: the next round reads all of them.
    for (const { group } of replaced) this.#documents.delete(group.id)
  }

  #succeed({ group, count, document }: Attempt, outcome: WriteOutcome): void {
    this.#documents.set(group.id, document)
    group.planned = group.planned.slice(count)
    outcome.written += count
  }
}

function groupById(planned: readonly Planned<FoldPlan>[]): Group[] {
  const byId = new Map<string, Planned<FoldPlan>[]>()
  for (const item of planned) {
    const items = byId.get(item.plan.id)
    if (items === undefined) byId.set(item.plan.id, [item])
    else items.push(item)
  }
  return [...byId].map(([id, items]) => ({ id, planned: items, limit: items.length }))
}

/** Folds a group's next records; null when none is left that the document lacks. */
function foldOnto(
  before: StoredDocument | null,
  group: Group,
  outcome: WriteOutcome
): Attempt | null {
  const isNew = ({ record }: Planned<FoldPlan>): boolean => isAfter(record, before)
  const stale = group.planned.filter((item) => !isNew(item)).length
  if (stale > 0) {
    outcome.stale += stale
    group.planned = group.planned.filter(isNew)
  }
  let document = before
  let count = 0
  for (const { record, plan } of group.planned.slice(0, group.limit)) {
    try {
      document = { ...plan.fold(document), partition: record.partition, lastOffset: record.offset }
      count += 1
    } catch (error) {
      if (count > 0) break
      drop(group, { code: codeOf(error), reason: 'folding the record failed' }, outcome)
      return foldOnto(before, group, outcome)
    }
  }
  if (document === null || count === 0) return null
  const operation: Operation =
    before === null
      ? { kind: 'insert', document }
      : { kind: 'replace', document, guard: { lastOffset: offsetOf(before) } }
  return { group, count, document, operation }
}

/** Whether the document lacks the record. Offsets of two partitions cannot be compared. */
function isAfter(record: KafkaRecord, document: StoredDocument | null): boolean {
  if (document === null || document['partition'] !== record.partition) return true
  return record.offset > offsetOf(document)
}

/** The driver gives small 64-bit integers as numbers and large ones as objects. */
function offsetOf(document: StoredDocument): bigint {
  return BigInt(String(document['lastOffset'] ?? -1))
}

/** The document of several records was refused: fewer next time, until one is left to blame. */
function narrow(
  { group, count }: Attempt,
  failure: { readonly code: string; readonly reason: string },
  outcome: WriteOutcome
): void {
  if (count === 1) drop(group, failure, outcome)
  else group.limit = Math.max(1, Math.floor(count / 2))
}

function drop(
  group: Group,
  { code, reason }: { readonly code: string; readonly reason: string },
  outcome: WriteOutcome
): void {
  const [first, ...rest] = group.planned
  if (first !== undefined) outcome.bad.push({ record: first.record, code, reason })
  group.planned = rest
}

function codeOf(error: unknown): string {
  return isHailError(error) ? error.code : 'HAIL_INTERNAL'
}
