/**
 * @module Due order of a task's durable timers of one clock. The timers themselves are entries of
 * the resident store `timers`; this heap only orders them and drops entries that the store has since
 * replaced.
 */
import type { Timer } from './processor.ts'

/** Store key of a timer. Names hold no `|`, so the first one ends the name. */
export function timerId(key: string, name: string): string {
  return `${name}|${key}`
}

/** Shorter heaps are not worth a look. */
const compactFloor = 1_024

interface Entry {
  readonly dueMs: number
  readonly id: string
}

export class TimerQueue {
  readonly #current: (id: string) => Timer | undefined
  #heap: Entry[] = []

  /** Length at which replaced entries are thrown out: twice what was live the last time. */
  #compactAt = compactFloor

  /** @param current the stored timer of an id, or undefined when cancelled */
  constructor(current: (id: string) => Timer | undefined) {
    this.#current = current
  }

  add(timer: Timer): void {
    if (this.#heap.length >= this.#compactAt) this.#compact()
    this.#heap.push({ dueMs: timer.dueMs, id: timerId(timer.key, timer.name) })
    this.#up(this.#heap.length - 1)
  }

  /** The earliest live timer, left in place. Cost O(log n) for each stale entry passed. */
  peek(): Timer | undefined {
    for (;;) {
      const top = this.#heap[0]
      if (top === undefined) return undefined
      const timer = this.#current(top.id)
      if (timer !== undefined && timer.dueMs === top.dueMs) return timer
      this.#pop()
    }
  }

  /** Up to `limit` live timers due by `untilMs`, earliest first, left in place. */
  dueBy(untilMs: number, limit: number): Timer[] {
    const found: Timer[] = []
    while (found.length < limit) {
      const timer = this.peek()
      if (timer === undefined || timer.dueMs > untilMs) break
      found.push(timer)
      this.#pop()
    }
    for (const timer of found) this.add(timer)
    return found
  }

  /** Timers set again and again leave an entry each; without this the heap would keep them all. */
  #compact(): void {
    const live = new Map<string, Entry>()
    for (const entry of this.#heap) {
      if (this.#current(entry.id)?.dueMs === entry.dueMs) live.set(entry.id, entry)
    }
    this.#heap = [...live.values()].sort((a, b) => a.dueMs - b.dueMs || (a.id < b.id ? -1 : 1))
    this.#compactAt = Math.max(compactFloor, 2 * this.#heap.length)
  }

  #pop(): void {
    const last = this.#heap.pop()
    if (last === undefined || this.#heap.length === 0) return
    this.#heap[0] = last
    this.#down(0)
  }

  #up(from: number): void {
    let i = from
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!this.#isBefore(i, parent)) return
      this.#swap(i, parent)
      i = parent
    }
  }

  #down(from: number): void {
    let i = from
    for (;;) {
      const left = 2 * i + 1
      const right = left + 1
      let least = i
      if (left < this.#heap.length && this.#isBefore(left, least)) least = left
      if (right < this.#heap.length && this.#isBefore(right, least)) least = right
      if (least === i) return
      this.#swap(i, least)
      i = least
    }
  }

  #isBefore(a: number, b: number): boolean {
    const x = this.#heap[a] as Entry
    const y = this.#heap[b] as Entry
    return x.dueMs < y.dueMs || (x.dueMs === y.dueMs && x.id < y.id)
  }

  #swap(a: number, b: number): void {
    const x = this.#heap[a] as Entry
    this.#heap[a] = this.#heap[b] as Entry
    this.#heap[b] = x
  }
}
