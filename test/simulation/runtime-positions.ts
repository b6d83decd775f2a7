/**
 * @module Where the simulated stores stand, and where their committed offsets say they should.
 */
import { changelogTopic } from '../../avro/index.ts'
import { decodeMetadata } from '../../streams/runtime/index.ts'
import type { StorePositions } from '../checker/index.ts'
import type { World } from './runtime-world.ts'

export function changelogOf({ topology }: World, store: string): string {
  return changelogTopic({ app: topology.app, sub: topology.name, store })
}

/** Positions of every store of every task. */
export async function positionsOf(world: World): Promise<StorePositions[]> {
  const { topology, state, log } = world
  const committed = await log.admin.committed(topology.group, topology.sources)
  const found: StorePositions[] = []
  for (const partition of world.slots.keys()) {
    const task = `${topology.id}-${partition}`
    const metadata = committed.get(`${topology.lead}:${partition}`)?.metadata ?? ''
    const { stores } = decodeMetadata(metadata)
    for (const store of Object.keys(topology.stores)) {
      const { position } = await state.position(task, store)
      found.push({ task, store, position, committed: stores.get(store) ?? 0n })
    }
  }
  return found
}
