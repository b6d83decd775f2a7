/**
 * @module What the simulated topology should give: a fold over the inputs of one partition in order,
 * with timers, windows and expiry by the inputs' timestamps alone.
 */
import type { Expected, ExpectedOutput, HistoryInput, Oracle } from '../checker/index.ts'
import {
  cancelEvery,
  closesAfterMs,
  idleMs,
  outputTopic,
  removeEvery,
  ttlMs,
  windowStart
} from './runtime-workload.ts'

interface Recent {
  readonly id: string
  readonly atMs: number
}

class Model {
  readonly #outputs: ExpectedOutput[] = []
  readonly #counts = new Map<string, number>()
  readonly #seen = new Map<string, number>()
  readonly #timers = new Map<string, number>()
  readonly #recent = new Map<string, Recent>()
  readonly #windows = new Map<string, number>()

  handle({ id, key, timestampMs }: HistoryInput): void {
    const n = (this.#counts.get(key) ?? 0) + 1
    this.#counts.set(key, n)
    const recent = this.#recent.get(key)
    const isAlive = recent !== undefined && timestampMs < recent.atMs + ttlMs
    this.#recent.set(key, { id, atMs: timestampMs })
    if (n % cancelEvery === 0) this.#timers.delete(key)
    else this.#timers.set(key, timestampMs + idleMs)
    const seen = (this.#seen.get(key) ?? 0) + 1
    if (seen % removeEvery === 0) this.#seen.delete(key)
    else this.#seen.set(key, seen)
    const slot = `${windowStart(timestampMs)}|${key}`
    const inSlot = (this.#windows.get(slot) ?? 0) + 1
    this.#windows.set(slot, inSlot)
    this.#emit(key, id, `${n} after ${isAlive ? recent.id : 'none'}, ${inSlot} in slot`)
  }

  /** Lets everything happen that is due before `beforeMs`. */
  passTo(beforeMs: number): void {
    const due = [...this.#timers].filter(([, dueMs]) => dueMs < beforeMs)
    for (const [key, dueMs] of due.sort((a, b) => a[1] - b[1])) {
      this.#emit(key, `idle|${key}|${dueMs}`, `${this.#counts.get(key) ?? 0} gone`)
      this.#counts.delete(key)
      this.#timers.delete(key)
    }
    for (const [slot, n] of this.#windows) {
      if (Number(slot.split('|')[0]) + closesAfterMs > beforeMs) continue
      this.#emit(slot, `close|${slot}`, String(n))
      this.#windows.delete(slot)
    }
    for (const [key, { atMs }] of this.#recent) {
      if (atMs + ttlMs < beforeMs) this.#recent.delete(key)
    }
  }

  expected(): Expected {
    const texts = (map: ReadonlyMap<string, number>): Map<string, string> =>
      new Map([...map].map(([key, value]) => [key, String(value)]))
    const timers = [...this.#timers].map(([key, dueMs]): [string, string] => [
      `idle|${key}`,
      String(dueMs)
    ])
    return {
      outputs: this.#outputs,
      stores: {
        counts: texts(this.#counts),
        seen: texts(this.#seen),
        windows: texts(this.#windows),
        slots: texts(this.#windows),
        timers: new Map(timers),
        recent: new Map([...this.#recent].map(([key, { id, atMs }]) => [key, `${id}@${atMs}`]))
      }
    }
  }

  #emit(key: string, causeId: string, payload: string): void {
    this.#outputs.push({ topic: outputTopic.name, key, causeId, payload })
  }
}

/** The fold, with all that was due by `untilMs` done. */
export function simOracle(untilMs: number): Oracle {
  return (inputs) => {
    const model = new Model()
    for (const input of inputs) {
      model.passTo(input.timestampMs)
      model.handle(input)
    }
    model.passTo(untilMs)
    return model.expected()
  }
}
