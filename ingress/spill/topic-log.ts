/**
 * The spilled records of one topic: a queue on the disk. Appends wait for their bytes to be there, many
 * with one write and one fsync; what has been replayed is deleted segment by segment.
 *
 * ```
 * append -> pending --(write + fsync of all that wait)--> segments --next, confirm--> deleted
 * ```
 *
 * A crash between a replay and its `confirm` replays the segment's records once more: they are
 * delivered at least once, in the same order.
 *
 * @module
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { OutRecord } from '../../core/kafka/index.ts'
import { decodeFrame, encodeFrame, frameBytesMax } from './frame.ts'
import { type Range, scanFrames } from './scan.ts'
import { Segment, type SyncFile } from './segment.ts'
import type { Space } from './space.ts'

/** What a log is made of. */
export type TopicLogOptions = {
  topic: string
  folder: string
  /** Sealed segments found at the start, oldest first, and how many records they hold. */
  found: { segments: Segment[]; records: number }
  /** Number of the next segment. */
  nextNumber: number
  segmentBytes: number
  space: Space
  sync: SyncFile
  /** Time of one write and fsync. */
  onSynced: (result: { records: number; durationMs: number }) => void
  onWriteFailed: (failure: { records: number; error: unknown }) => void
  /** Bytes that are no records have been set aside. */
  onDamage: (damage: { segment: string; bytes: number; setAside: string }) => void
  nowMs: () => number
}

/** Records to replay; `confirm` takes it. */
export type ReplayBatch = { records: readonly OutRecord[]; segment: Segment; end: number }

type Pending = { frame: Buffer; resolve: () => void; reject: (error: unknown) => void }

type Found = { bytes: Buffer; frames: readonly Range[] }

/** One read of a replay holds at least one frame of any size. */
const readBytes = 2 * frameBytesMax

/** See the module. */
export class TopicLog {
  readonly topic: string
  readonly #options: TopicLogOptions
  readonly #segments: Segment[]
  #records: number
  #nextNumber: number
  /** Where the replay of the first segment stands. */
  #position = 0
  #pending: Pending[] = []
  /** Records of the write that is going on. */
  #writing = 0
  #flushing: Promise<void> | null = null
  #group: Promise<void> | null = null

  constructor(options: TopicLogOptions) {
    this.topic = options.topic
    this.#options = options
    this.#segments = options.found.segments
    this.#records = options.found.records
    this.#nextNumber = options.nextNumber
  }

  /** Whether newer records have to go behind older ones here. */
  get hasBacklog(): boolean {
    return this.#pending.length > 0 || this.#flushing !== null || this.#hasUnread
  }

  /** Records not replayed, those on their way to the disk included. */
  get records(): number {
    return this.#records
  }

  /** Resolves once the record is on the disk; null when there is no room, and nothing was kept. */
  append(record: OutRecord): Promise<void> | null {
    const frame = encodeFrame(record)
    if (!this.#options.space.take(frame.length)) return null
    this.#records += 1
    const done = new Promise<void>((resolve, reject) => {
      this.#pending.push({ frame, resolve, reject })
    })
    this.#flushing ??= this.#flush()
    return done
  }

  /** Resolves with the write that is going on. More may follow it at once, without end under load. */
  async settled(): Promise<void> {
    await Promise.resolve()
    await this.#group
  }

  /** The oldest records, at least one, up to about `bytesMax`; null when none are on the disk. */
  async next(bytesMax: number): Promise<ReplayBatch | null> {
    for (;;) {
      await this.#removeRead()
      const segment = this.#segments[0]
      if (segment === undefined || this.#position >= segment.bytes) return null
      const found = await this.#look(segment)
      if ('damage' in found) await this.#setAside(segment, found.damage)
      else return this.#batchOf(segment, found, bytesMax)
    }
  }

  /** The records of the batch are acknowledged: what is done with is deleted. */
  async confirm(batch: ReplayBatch): Promise<void> {
    this.#records -= batch.records.length
    this.#position = batch.end
    await this.#removeRead()
  }

  /** Takes no more; waits for the writes under way. */
  async close(): Promise<void> {
    await this.#flushing
    for (const segment of this.#segments) await segment.seal()
  }

  get #hasUnread(): boolean {
    const [first] = this.#segments
    return this.#segments.length > 1 || (first !== undefined && this.#position < first.bytes)
  }

  /** Frames from the position on, the first of them there, or the damage that lies there. */
  async #look(segment: Segment): Promise<Found | { damage: Range }> {
    const left = segment.bytes - this.#position
    let bytes = await segment.read(this.#position, readBytes)
    let scan = scanFrames(bytes)
    if (scan.frames.length === 0 && bytes.length < left) {
      bytes = await segment.read(this.#position, left)
      scan = scanFrames(bytes)
    }
    const [first] = scan.frames
    // What somebody cut off is damage too.
    if (first === undefined) return { damage: { from: 0, to: left } }
    if (first.from > 0) return { damage: { from: 0, to: first.from } }
    return { bytes, frames: scan.frames }
  }

  #batchOf(segment: Segment, { bytes, frames }: Found, bytesMax: number): ReplayBatch {
    const records: OutRecord[] = []
    let end = 0
    for (const { from, to } of frames) {
      // Damage ends the batch: the next look begins with it.
      if (from !== end || (end > 0 && to > bytesMax)) break
      records.push(decodeFrame(this.topic, bytes, from))
      end = to
    }
    return { records, segment, end: this.#position + end }
  }

  async #setAside(segment: Segment, { from, to }: Range): Promise<void> {
    const { space, onDamage } = this.#options
    const setAside = `${segment.path}.${this.#position + from}${damagedEnding}`
    const bytes = await segment.read(this.#position + from, to - from)
    await writeFile(setAside, bytes)
    space.count(bytes.length)
    onDamage({ segment: segment.path, bytes: to - from, setAside })
    this.#position += to
  }

  /** Deletes the segments in front that are read; the one written to only while nothing is. */
  async #removeRead(): Promise<void> {
    for (let [first] = this.#segments; first !== undefined; [first] = this.#segments) {
      const isWritten = !first.isSealed && this.#flushing !== null
      if (isWritten || this.#position < first.bytes) return
      this.#segments.shift()
      this.#position = 0
      // Records lost to damage were counted when they came.
      if (this.#segments.length === 0) this.#records = this.#pending.length + this.#writing
      await first.remove()
      this.#options.space.giveBack(first.bytes)
    }
  }

  async #flush(): Promise<void> {
    // Everything that is added in the same turn goes together.
    await Promise.resolve()
    while (this.#pending.length > 0) {
      this.#group = this.#writeGroup(this.#takeGroup())
      await this.#group
    }
    this.#group = null
    this.#flushing = null
  }

  #takeGroup(): Pending[] {
    let bytes = 0
    let count = 0
    for (const { frame } of this.#pending) {
      if (count > 0 && bytes + frame.length > this.#options.segmentBytes) break
      bytes += frame.length
      count += 1
    }
    return this.#pending.splice(0, count)
  }

  async #writeGroup(group: readonly Pending[]): Promise<void> {
    const { onSynced, onWriteFailed, nowMs, space } = this.#options
    const bytes = Buffer.concat(group.map(({ frame }) => frame))
    const startedAt = nowMs()
    this.#writing = group.length
    try {
      const segment = await this.#writable()
      await segment.append(bytes)
    } catch (error) {
      this.#records -= group.length
      space.giveBack(bytes.length)
      onWriteFailed({ records: group.length, error })
      for (const { reject } of group) reject(error)
      return
    } finally {
      this.#writing = 0
    }
    onSynced({ records: group.length, durationMs: nowMs() - startedAt })
    for (const { resolve } of group) resolve()
  }

  async #writable(): Promise<Segment> {
    const { folder, segmentBytes, sync } = this.#options
    const last = this.#segments.at(-1)
    if (last !== undefined && !last.isSealed && last.bytes < segmentBytes) return last
    await last?.seal()
    const segment = new Segment(join(folder, segmentName(this.#nextNumber)), null, sync)
    this.#nextNumber += 1
    this.#segments.push(segment)
    return segment
  }
}

/** How the names of files end that hold what was set aside. */
export const damagedEnding = '.damaged'

/** Names sort as the numbers do. */
export const segmentName = (number: number): string => `${String(number).padStart(12, '0')}.seg`
