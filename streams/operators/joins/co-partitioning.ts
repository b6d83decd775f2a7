/**
 * @module The rule that both sides of a join lie in the same partitions, so that one task has both.
 */
import type { Graph, Node } from '../graph.ts'

interface Input {
  readonly graph: Graph
  readonly node: Node
}

/** @throws FatalError HAIL_TOPOLOGY when the sides differ in partitions or belong to different builders */
export function requireCoPartitioned(kind: string, left: Input, right: Input): void {
  if (left.graph !== right.graph) {
    throw left.graph.wiring(`${kind}: expected both sides of one builder, got two builders`)
  }
  const [mine, theirs] = [left.node.partitions, right.node.partitions]
  if (mine === theirs) return
  throw left.graph.wiring(
    `${kind}: expected co-partitioned sides, got ${mine} and ${theirs} partitions; put ` +
      `.repartition({ name, partitions: ${mine} }) on one of them`
  )
}
