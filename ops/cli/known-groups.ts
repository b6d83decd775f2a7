/**
 * @module The consumer groups of this version: one for each sub-topology and each connector.
 */
import { catalogue, readSinksConfig } from '../../sinks/index.ts'
import type { SubTopology } from '../../streams/runtime/index.ts'

export interface KnownGroup {
  readonly group: string
  readonly topics: readonly string[]
  readonly kind: 'task' | 'sink'
}

/** Groups of the sub-topologies, then those of the sinks. */
export function knownGroups(
  topologies: readonly SubTopology[],
  sinksPrefix: string = readSinksConfig().settings.runner.groupPrefix
): KnownGroup[] {
  return [
    ...topologies.map(({ group, sources }) => ({ group, topics: sources, kind: 'task' as const })),
    ...catalogue.map(({ connector: { name, topics } }) => ({
      group: `${sinksPrefix}${name}`,
      topics,
      kind: 'sink' as const
    }))
  ]
}
