/**
 * @module The calls out of a sub-topology. Before an input is handled, the pure operators above its
 * `mapAsync` nodes run once for themselves, so that each call knows its value; the results wait in
 * `ctx.effect`, by node and in the order of the calls. When the input is handled, the same operators
 * run again and each `mapAsync` takes its next result: hence they have to be pure.
 */
import type { EffectInput, InputRecord } from '../runtime/index.ts'
import { reachableFrom } from './components.ts'
import type { Flow, Forward } from './flow.ts'
import type { CallOut, CallOutcome, Node } from './graph.ts'

/** What the calls of one input gave: for each node its outcomes, in order. */
export type CallResults = ReadonlyMap<Node, CallOutcome[]>

interface PendingCall {
  readonly node: Node
  readonly key: unknown
  readonly value: unknown
}

/** The `effect` part of a definition; empty without `mapAsync`. */
export function createEffect(group: readonly Node[]): {
  effect?: (input: EffectInput) => Promise<CallResults>
  effectConcurrency?: number
} {
  const callers = group.filter(({ callOut }) => callOut !== undefined)
  if (callers.length === 0) return {}
  return {
    effect: createCalls(group),
    effectConcurrency: Math.min(...callers.map(({ callOut }) => (callOut as CallOut).concurrency))
  }
}

function createCalls(group: readonly Node[]): (input: EffectInput) => Promise<CallResults> {
  let found: PendingCall[] = []
  const { entries, below } = createTrace(group, (call) => found.push(call))
  const flow = { isAhead: true } as Flow
  const collect = (record: InputRecord, process: Forward, call: Omit<PendingCall, 'node'>) => {
    found = []
    Object.assign(flow, { record, timestampMs: record.timestampMs })
    try {
      process(flow, call.key, call.value, null)
    } catch {
      // The input fails in the same place when it is handled, and is dead-lettered there.
      return []
    }
    return found
  }
  return async (input) => {
    const results = new Map<Node, CallOutcome[]>()
    if (input.kind === 'timer') return results
    const { record } = input
    let serial = 0
    const run = async (calls: readonly PendingCall[]): Promise<void> => {
      for (const { node, key, value } of calls) {
        const id = `${record.topic}-${record.partition}@${record.offset}.${serial}`
        serial += 1
        const { timestampMs } = record
        const outcome = await (node.callOut as CallOut).call({ key, value, timestampMs, id })
        const earlier = results.get(node)
        if (earlier) earlier.push(outcome)
        else results.set(node, [outcome])
        if (!outcome.isOk) continue
        await run(collect(record, below.get(node) as Forward, { key, value: outcome.value }))
      }
    }
    const entry = entries.get(record.topic)
    if (entry) await run(collect(record, entry, record))
    return results
  }
}

/** The pure operators on the way to a call, made a second time: `onCall` stands for the calls. */
function createTrace(
  group: readonly Node[],
  onCall: (call: PendingCall) => void
): { entries: ReadonlyMap<string, Forward>; below: ReadonlyMap<Node, Forward> } {
  const leads = (node: Node): boolean =>
    reachableFrom(node).some(({ callOut }) => callOut !== undefined)
  const processes = new Map<Node, Forward>()
  const below = new Map<Node, Forward>()
  const entries = new Map<string, Forward>()
  for (const node of group.toReversed()) {
    if (!node.isPure || !leads(node)) continue
    const targets = node.children.flatMap((child) => processes.get(child) ?? [])
    const forward: Forward = (flow, key, value, old) => {
      for (const target of targets) target(flow, key, value, old)
    }
    if (node.callOut) {
      below.set(node, forward)
      processes.set(node, (flow, key, value) => {
        if (value === null) forward(flow, key, null, null)
        else onCall({ node, key, value })
      })
    } else {
      processes.set(node, node.create(forward).process)
    }
    if (node.source) entries.set(node.source.topic.name, processes.get(node) as Forward)
  }
  return { entries, below }
}
