/**
 * @module docs/topology.md: what `make topology` prints, with a word on how to read it.
 */
import { describeTopologies, type SubTopology } from '../../streams/runtime/index.ts'

/** The page for the given sub-topologies. */
export function topologyPage(topologies: readonly SubTopology[]): string {
  return [
    '# Topology',
    '',
    'Written by `make docs`; `make topology` prints the same. One block a sub-topology: its source',
    'topics (the lead carries the offset metadata), its stores with their changelogs, and the topics',
    'it writes to (sinks). A sub-topology has one task for each partition number, and each task is',
    'owned by one process at a time.',
    '',
    '[topology.json](topology.json) says the same as data. `make topology` compares the code with it,',
    'or with the description of another version (`TOPOLOGY_BASELINE=file`), and says of each change',
    'whether it is compatible, needs a migration, or leaves internal topics that nobody uses again.',
    '',
    '```',
    describeTopologies(topologies).trimEnd(),
    '```',
    ''
  ].join('\n')
}
