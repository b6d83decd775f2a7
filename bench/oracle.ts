/**
 * @module What the programs must answer, worked out from the input alone, and the digest by which an
 * answer is compared with it: independent of order, since partitions have none among them.
 */
import type { InputRecord } from './input.ts'

/** An answer in short. Equal answers have equal digests. */
export interface Digest {
  /** Entries of the answer: windows of keys, sessions, joined pairs. */
  readonly entries: number
  /** Sum of the counts; for a join the number of pairs. */
  readonly sum: number
  /** Sum of the entries' hashes modulo 2^32, in hexadecimal. */
  readonly checksum: string
}

/** One window of one key. Times are relative to the input's base. */
export interface CountEntry {
  readonly key: string
  readonly startMs: number
  readonly endMs: number
  readonly count: number
}

/** Counts by key and tumbling window. */
export function countByWindow(
  records: Iterable<InputRecord>,
  { sizeMs, baseMs }: { readonly sizeMs: number; readonly baseMs: number }
): Digest {
  const counts = new Map<string, CountEntry>()
  for (const { key, timestampMs } of records) {
    const startMs = timestampMs - (timestampMs % sizeMs) - baseMs
    const id = `${key}|${startMs}`
    const count = (counts.get(id)?.count ?? 0) + 1
    counts.set(id, { key, startMs, endMs: startMs + sizeMs, count })
  }
  return digestOfCounts(counts.values())
}

/** Counts by key and session; records of one key must come in the order of their time. */
export function countBySession(
  records: Iterable<InputRecord>,
  { gapMs, baseMs }: { readonly gapMs: number; readonly baseMs: number }
): Digest {
  const open = new Map<string, CountEntry>()
  const all: CountEntry[] = []
  for (const { key, timestampMs } of records) {
    const at = timestampMs - baseMs
    const session = open.get(key)
    if (session !== undefined && at - session.endMs <= gapMs) {
      open.set(key, { ...session, endMs: at, count: session.count + 1 })
    } else {
      if (session !== undefined) all.push(session)
      open.set(key, { key, startMs: at, endMs: at, count: 1 })
    }
  }
  return digestOfCounts([...all, ...open.values()])
}

/** Pairs of one key whose times are at most `windowMs` apart; both sides in the order of time. */
export function joinWithin(
  left: Iterable<InputRecord>,
  right: Iterable<InputRecord>,
  windowMs: number
): Digest {
  const rightByKey = new Map<string, InputRecord[]>()
  for (const record of right) {
    const list = rightByKey.get(record.key)
    if (list === undefined) rightByKey.set(record.key, [record])
    else list.push(record)
  }
  const firstByKey = new Map<string, number>()
  const digest = new DigestSum()
  for (const { key, seq, timestampMs } of left) {
    const others = rightByKey.get(key) ?? []
    let first = firstByKey.get(key) ?? 0
    while ((others[first]?.timestampMs ?? Infinity) < timestampMs - windowMs) first += 1
    firstByKey.set(key, first)
    for (let i = first; ; i += 1) {
      const other = others[i]
      if (other === undefined || other.timestampMs > timestampMs + windowMs) break
      digest.add(pairText(seq, other.seq), 1)
    }
  }
  return digest.value()
}

/** The digest of windows or sessions; times relative to the input's base. */
export function digestOfCounts(entries: Iterable<CountEntry>): Digest {
  const digest = new DigestSum()
  for (const { key, startMs, endMs, count } of entries) {
    digest.add(`${key}|${startMs}|${endMs}|${count}`, count)
  }
  return digest.value()
}

/** The digest of joined pairs of record numbers, each pair as often as it is given. */
export function digestOfPairs(pairs: Iterable<readonly [number, number]>): Digest {
  const digest = new DigestSum()
  for (const [left, right] of pairs) digest.add(pairText(left, right), 1)
  return digest.value()
}

function pairText(left: number, right: number): string {
  return `${left}+${right}`
}

class DigestSum {
  #entries = 0
  #sum = 0
  #hash = 0

  add(text: string, count: number): void {
    this.#entries += 1
    this.#sum += count
    this.#hash = (this.#hash + fnv1a(text)) >>> 0
  }

  value(): Digest {
    const checksum = this.#hash.toString(16).padStart(8, '0')
    return { entries: this.#entries, sum: this.#sum, checksum }
  }
}

/** FNV-1a, 32 bits, over UTF-16 units, which are ASCII here, with murmur's last mix. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}
