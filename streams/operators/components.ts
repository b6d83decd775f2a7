/**
 * @module The cut of a graph into sub-topologies: nodes joined by edges or by a store belong together,
 * topics part them.
 */
import type { Node } from './graph.ts'

/** Groups of nodes, each in the order of their making, ordered by their first node. */
export function componentsOf(nodes: readonly Node[]): Node[][] {
  const leaderOf = nodes.map((_, id) => id)
  const find = (id: number): number => {
    let leader = id
    while (leaderOf[leader] !== leader) leader = leaderOf[leader] as number
    leaderOf[id] = leader
    return leader
  }
  const join = (a: number, b: number): void => {
    const [low, high] = [find(a), find(b)].sort((x, y) => x - y) as [number, number]
    leaderOf[high] = low
  }
  const userOf = new Map<string, number>()
  for (const node of nodes) {
    for (const parent of node.parents) join(node.id, parent.id)
    for (const store of [...Object.keys(node.stores ?? {}), ...(node.uses ?? [])]) {
      const user = userOf.get(store)
      if (user === undefined) userOf.set(store, node.id)
      else join(node.id, user)
    }
  }
  const groups = new Map<number, Node[]>()
  for (const node of nodes) {
    const leader = find(node.id)
    const group = groups.get(leader)
    if (group) group.push(node)
    else groups.set(leader, [node])
  }
  return [...groups.values()]
}

/** Nodes below a node, itself among them, in the order of their making. */
export function reachableFrom(node: Node): Node[] {
  const found = new Set<Node>([node])
  for (const reached of found) for (const child of reached.children) found.add(child)
  return [...found].sort((a, b) => a.id - b.id)
}
