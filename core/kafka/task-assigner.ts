/**
 * @module Spreads a group's tasks over its members. A task is a partition number: its owner gets
 * that partition of every topic, so co-partitioned topics stay together (kafkajs' round-robin tears
 * them apart). Balanced within one, and sticky: a member keeps what it had as far as balance
 * allows.
 */

export type TaskClaim = {
  readonly memberId: string
  /** Tasks this member had before. May be wrong: stale, out of range or claimed by two. */
  readonly owned: readonly number[]
}

/**
 * Tasks 0 to `taskCount` - 1 over the members, each list sorted. Deterministic: the order of the
 * members doesn't matter. Every member is in the result; without members it is empty.
 *
 * Example: 6 tasks, a owns 0-5, b is new: a keeps 0 1 2, b gets 3 4 5.
 */
export function assignTasks(
  taskCount: number,
  members: readonly TaskClaim[]
): Map<string, number[]> {
  if (members.length === 0) return new Map()
  const claims = settleClaims(taskCount, members)
  const assigned = capClaims(taskCount, claims)
  const taken = new Set([...assigned.values()].flat())
  const floor = Math.floor(taskCount / members.length)
  const order = [...assigned.keys()].sort(compare)
  for (let task = 0; task < taskCount; task += 1) {
    if (taken.has(task)) continue
    leastLoaded(order, assigned, floor).push(task)
  }
  for (const tasks of assigned.values()) tasks.sort((a, b) => a - b)
  return assigned
}

/**
 * Valid claims only, each task with at most one claimant: of two, the one with fewer claims, so
 * that both keep something.
 */
function settleClaims(taskCount: number, members: readonly TaskClaim[]): Map<string, number[]> {
  const claims = new Map<string, number[]>()
  const ownerByTask = new Map<number, string>()
  const ranked = [...members].sort(
    (a, b) => a.owned.length - b.owned.length || compare(a.memberId, b.memberId)
  )
  for (const { memberId, owned } of ranked) {
    const kept: number[] = []
    for (const task of owned) {
      const isTask = Number.isInteger(task) && task >= 0 && task < taskCount
      if (!isTask || ownerByTask.has(task)) continue
      ownerByTask.set(task, memberId)
      kept.push(task)
    }
    claims.set(
      memberId,
      kept.sort((a, b) => a - b)
    )
  }
  return claims
}

/**
 * Cuts the claims to a fair share; the shares that are one larger go to the members with the most
 * claims.
 */
function capClaims(taskCount: number, claims: Map<string, number[]>): Map<string, number[]> {
  const floor = Math.floor(taskCount / claims.size)
  let largerShares = taskCount % claims.size
  const assigned = new Map<string, number[]>()
  const ranked = [...claims].sort(([a, had], [b, has]) => has.length - had.length || compare(a, b))
  for (const [memberId, owned] of ranked) {
    const share = owned.length > floor && largerShares > 0 ? floor + 1 : floor
    if (share > floor) largerShares -= 1
    assigned.set(memberId, owned.slice(0, share))
  }
  return assigned
}

/** Fills everybody up to the floor first; then one more each, in the order of the ids. */
function leastLoaded(
  order: readonly string[],
  assigned: Map<string, number[]>,
  floor: number
): number[] {
  let least: number[] = []
  let load = Number.POSITIVE_INFINITY
  for (const memberId of order) {
    const tasks = assigned.get(memberId) ?? []
    if (tasks.length < floor) return tasks
    if (tasks.length < load) {
      least = tasks
      load = tasks.length
    }
  }
  return least
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
