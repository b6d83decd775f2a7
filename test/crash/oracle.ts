/**
 * @module What the crash workload must give: a plain fold over the inputs of one partition, in order,
 * that knows nothing of commits. Timestamps are the broker's, so no record is ever late.
 */
import type { ExpectedOutput, HistoryInput, Oracle } from '../checker/index.ts'
import {
  causes,
  type InputKind,
  outputKeys,
  reminderMs,
  topicsOf,
  windowStart
} from './workload.ts'

interface Reminder {
  readonly dueMs: number
  readonly key: string
  readonly id: string
}

export function crashOracle(app: string): Oracle {
  const topic = topicsOf(app).output.name
  return (inputs) => {
    const fold = new Fold(topic)
    for (const input of inputs) fold.add(input)
    return { outputs: fold.end(), stores: { counts: fold.counts(), windows: none, timers: none } }
  }
}

const none: ReadonlyMap<string, string> = new Map()

class Fold {
  readonly #topic: string
  readonly #counts = new Map<string, number>()
  readonly #windows = new Map<number, Map<string, number>>()
  readonly #outputs: ExpectedOutput[] = []
  #reminders: Reminder[] = []

  constructor(topic: string) {
    this.#topic = topic
  }

  add({ id, key, timestampMs, payload }: HistoryInput): void {
    // A record stamped at the deadline still goes first.
    this.#remind(timestampMs)
    const kind = payload as InputKind
    if (kind === 'remove') {
      this.#counts.delete(key)
      this.#emit(outputKeys.count(key), id, 0)
      return
    }
    const n = (this.#counts.get(key) ?? 0) + 1
    this.#counts.set(key, n)
    const start = windowStart(timestampMs)
    const window = this.#windows.get(start) ?? new Map<string, number>()
    this.#windows.set(start, window.set(key, (window.get(key) ?? 0) + 1))
    if (kind === 'remind') this.#reminders.push({ dueMs: timestampMs + reminderMs, key, id })
    this.#emit(outputKeys.count(key), id, n)
  }

  end(): readonly ExpectedOutput[] {
    this.#remind(Number.POSITIVE_INFINITY)
    for (const [startMs, window] of [...this.#windows].sort(([a], [b]) => a - b)) {
      for (const [key, n] of window) {
        this.#emit(outputKeys.window(key), causes.window(startMs), n)
      }
    }
    return this.#outputs
  }

  counts(): ReadonlyMap<string, string> {
    return new Map([...this.#counts].map(([key, n]) => [key, String(n)]))
  }

  #remind(untilMs: number): void {
    const due = this.#reminders.filter(({ dueMs }) => dueMs < untilMs)
    this.#reminders = this.#reminders.filter(({ dueMs }) => dueMs >= untilMs)
    for (const { key, id } of due.sort(byDue)) {
      this.#emit(outputKeys.timer(key), causes.timer(id), this.#counts.get(key) ?? 0)
    }
  }

  #emit(key: string, causeId: string, n: number): void {
    this.#outputs.push({ topic: this.#topic, key, causeId, payload: String(n) })
  }
}

/** Ties go by the timer's name. */
function byDue(a: Reminder, b: Reminder): number {
  return a.dueMs - b.dueMs || (a.id < b.id ? -1 : 1)
}
