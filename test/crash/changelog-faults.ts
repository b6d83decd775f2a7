/**
 * @module What can happen to changelogs: their cleaner, and deleted records.
 */
import { readFrom } from '../support/committed-records.ts'
import { waitFor } from '../support/wait-for.ts'
import type { Scene } from './scene.ts'
import { partitions, stores } from './workload.ts'

/** Small segments that the cleaner takes at once, tombstones and all. It looks every 15 s. */
export const eagerCleaning: Readonly<Record<string, string>> = {
  'cleanup.policy': 'compact',
  'segment.ms': '200',
  'min.cleanable.dirty.ratio': '0.01',
  'min.compaction.lag.ms': '0',
  'delete.retention.ms': '0'
}

/** A wrong policy: of a compacted topic the broker deletes no records that are not superseded. */
export const deletable: Readonly<Record<string, string>> = { 'cleanup.policy': 'compact,delete' }

/** Longest wait for the cleaner, which serves all other topics too, ms. */
const cleanerMs = 120_000

/** Records in the changelogs now, and tombstones among them. */
async function census(scene: Scene): Promise<{ records: number; tombstones: number }> {
  const { admin, stage } = scene
  const fetcher = await stage.kafka.fetcher()
  try {
    let records = 0
    let tombstones = 0
    for (const topic of scene.changelogs) {
      const found = await readFrom({ admin, fetcher }, topic, new Map())
      records += found.length
      tombstones += found.filter(({ value }) => value === null).length
    }
    return { records, tombstones }
  } finally {
    await fetcher.close()
  }
}

/** Waits until the cleaner has removed records. @returns how many are gone */
export async function compacted(scene: Scene): Promise<number> {
  const before = await census(scene)
  let gone = 0
  await waitFor(
    'the cleaner to remove changelog records',
    async () => {
      gone = before.records - (await census(scene)).records
      return gone > 0
    },
    { timeoutMs: cleanerMs, everyMs: 1_000 }
  )
  return gone
}

/** Waits until of the keys deleted so far no tombstone is left. */
export async function tombstonesGone(scene: Scene, keys: ReadonlySet<string>): Promise<void> {
  const { admin, stage } = scene
  const [counts = ''] = scene.changelogs
  const fetcher = await stage.kafka.fetcher()
  try {
    await waitFor(
      'the cleaner to remove the tombstones',
      async () => {
        const found = await readFrom({ admin, fetcher }, counts, new Map())
        return !found.some(({ key }) => keys.has(String(key)))
      },
      { timeoutMs: cleanerMs, everyMs: 1_000 }
    )
  } finally {
    await fetcher.close()
  }
}

/**
 * Deletes changelog records below a share of the committed positions.
 * @returns partitions whose log starts later now
 */
export async function truncate(scene: Scene, share: number): Promise<number> {
  const { admin } = scene
  const positions = await scene.committedPositions()
  let moved = 0
  for (const [i, topic] of scene.changelogs.entries()) {
    const before = new Map<number, bigint>()
    for (let partition = 0; partition < partitions; partition += 1) {
      const position = positions[partition * stores.length + i] ?? 0n
      const offset = BigInt(Math.floor(Number(position) * share))
      if (offset > 0n) before.set(partition, offset)
    }
    if (before.size > 0) await admin.deleteRecords(topic, before)
    moved += before.size
  }
  return moved
}
