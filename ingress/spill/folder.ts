/**
 * The folder of the spill as a start finds it: a lock, and a folder a topic with its segments.
 *
 * ```
 * <folder>/lock
 * <folder>/<topic>/000000000007.seg                  records, oldest number first
 * <folder>/<topic>/000000000007.seg.4096.damaged     bytes that were no records, set aside
 * ```
 *
 * @module
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { scanFrames } from './scan.ts'
import { Segment, type SyncFile } from './segment.ts'
import type { Space } from './space.ts'
import { damagedEnding } from './topic-log.ts'

/** What a topic's folder holds. */
export type FoundTopic = {
  topic: string
  segments: Segment[]
  records: number
  nextNumber: number
  /** Bytes cut off the newest segment: a write that a crash interrupted. */
  tornBytes: number
}

const segmentPattern = /^(\d{12})\.seg$/
/** Kafka's own rule for names, so that a topic is never a path. */
const topicPattern = /^[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,248}$/

/** Looks into every topic's folder, cuts torn tails, counts all bytes into `space`. */
export const findTopics = async (
  folder: string,
  { space, sync }: { space: Space; sync: SyncFile }
): Promise<FoundTopic[]> => {
  const entries = await readdir(folder, { withFileTypes: true })
  const topics = entries.filter((entry) => entry.isDirectory() && topicPattern.test(entry.name))
  const found: FoundTopic[] = []
  for (const { name } of topics) found.push(await findTopic(folder, name, { space, sync }))
  return found
}

const findTopic = async (
  parent: string,
  topic: string,
  { space, sync }: { space: Space; sync: SyncFile }
): Promise<FoundTopic> => {
  const folder = join(parent, topic)
  const names = (await readdir(folder)).sort()
  for (const name of names.filter((one) => one.endsWith(damagedEnding))) {
    space.count((await stat(join(folder, name))).size)
  }
  const numbers = names.flatMap((name) => segmentPattern.exec(name)?.[1] ?? [])
  const found: FoundTopic = {
    topic,
    segments: [],
    records: 0,
    nextNumber: Number(numbers.at(-1) ?? 0) + 1,
    tornBytes: 0
  }
  for (const number of numbers) {
    const path = join(folder, `${number}.seg`)
    const bytes = await readFile(path)
    const { frames, tail } = scanFrames(bytes)
    const segment = new Segment(path, bytes.length, sync)
    // Older segments were complete before the next was begun: a tail there is damage.
    if (tail !== null && number === numbers.at(-1)) {
      await segment.cut(tail.from)
      found.tornBytes = tail.to - tail.from
    }
    found.segments.push(segment)
    found.records += frames.length
    space.count(segment.bytes)
  }
  return found
}
