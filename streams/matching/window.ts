/**
 * @module One matching window of one market: candidates, connected components, assignment.
 *
 *   riders, drivers -> candidates -> components -> optimal, or greedy when over budget -> matches
 *
 * Riders and drivers who share no candidate, even through others, cannot influence each other, so
 * each component is solved alone: the cost of the optimal solver grows with the cube of the size.
 */
import type { DriverPoolState, RiderPoolState } from '../../avro/index.ts'
import { greedyAssigner, optimalAssigner, type PairCost } from './assigner.ts'
import { type Candidate, createSearch, type SearchLimits } from './candidates.ts'

/**
 * Work a window may spend on optimal assignment, in units of min^2 * max over the sizes of its
 * components. Measured with munkres 2.0.4 on one core of 2: 0.2 to 0.4 ms a million units, so that
 * 130 million units (500 riders and 500 drivers are 125) stay below 50 ms. A count and not a stopwatch, because a window must give the
 * same answer when it is run again.
 */
export const windowWorkMax = 130_000_000

/** A rider and the driver to offer the ride to. */
export interface Match {
  readonly rider: RiderPoolState
  readonly driver: DriverPoolState
  readonly etaSeconds: number
  readonly meters: number
}

export interface WindowResult {
  readonly matches: readonly Match[]
  readonly components: number
  /** Components that were too large for the optimal solver. */
  readonly greedyComponents: number
}

interface Component {
  readonly riders: RiderPoolState[]
  readonly drivers: DriverPoolState[]
}

/**
 * Solves one window. `riders` and `drivers` are those free to be offered; the result depends on
 * them as sets, not on their order.
 */
export function solveWindow(
  riders: readonly RiderPoolState[],
  drivers: readonly DriverPoolState[],
  options: SearchLimits & { readonly workMax?: number }
): WindowResult {
  const search = createSearch(drivers, options)
  const candidatesByRide = new Map<string, readonly Candidate[]>()
  for (const rider of riders) {
    const candidates = search(rider)
    if (candidates.length > 0) candidatesByRide.set(rider.rideId, candidates)
  }
  const open = riders.filter(({ rideId }) => candidatesByRide.has(rideId)).sort(byAge)
  const components = findComponents(open, candidatesByRide).sort((a, b) => workOf(a) - workOf(b))
  const matches: Match[] = []
  let work = 0
  let greedyComponents = 0
  for (const component of components) {
    work += workOf(component)
    const isGreedy = work > (options.workMax ?? windowWorkMax)
    if (isGreedy) greedyComponents += 1
    matches.push(...solveComponent(component, { candidatesByRide, isGreedy }))
  }
  return { matches, components: components.length, greedyComponents }
}

function workOf({ riders, drivers }: Component): number {
  const small = Math.min(riders.length, drivers.length)
  return small * small * Math.max(riders.length, drivers.length)
}

function solveComponent(
  component: Component,
  how: {
    readonly candidatesByRide: ReadonlyMap<string, readonly Candidate[]>
    readonly isGreedy: boolean
  }
): Match[] {
  const { riders, drivers } = component
  const columnByDriver = new Map(drivers.map(({ driverId }, column) => [driverId, column]))
  const pairs: (PairCost & { readonly match: Match })[] = []
  for (const [row, rider] of riders.entries()) {
    for (const candidate of how.candidatesByRide.get(rider.rideId) ?? []) {
      const column = columnByDriver.get(candidate.driver.driverId)
      if (column === undefined) continue
      const match = { rider, ...candidate }
      pairs.push({ row, column, cost: candidate.etaSeconds, match })
    }
  }
  const assigner = how.isGreedy ? greedyAssigner : optimalAssigner
  const problem = { rows: riders.length, columns: drivers.length, pairs }
  return assigner.assign(problem).map(({ match }) => match)
}

/** Groups riders who reach a common driver, directly or through others; union-find over drivers. */
function findComponents(
  riders: readonly RiderPoolState[],
  candidatesByRide: ReadonlyMap<string, readonly Candidate[]>
): Component[] {
  const parentById = new Map<string, string>()
  const root = (id: string): string => {
    let at = id
    for (let up = parentById.get(at); up !== undefined && up !== at; up = parentById.get(at)) {
      parentById.set(at, parentById.get(up) ?? up)
      at = up
    }
    return at
  }
  const driverById = new Map<string, DriverPoolState>()
  for (const { rideId } of riders) {
    const [first, ...others] = candidatesByRide.get(rideId) ?? []
    if (first === undefined) continue
    for (const { driver } of [first, ...others]) {
      driverById.set(driver.driverId, driver)
      parentById.set(root(driver.driverId), root(first.driver.driverId))
    }
  }
  const componentByRoot = new Map<string, Component>()
  const componentOf = (driverId: string): Component => {
    const id = root(driverId)
    const known = componentByRoot.get(id)
    if (known !== undefined) return known
    const fresh: Component = { riders: [], drivers: [] }
    componentByRoot.set(id, fresh)
    return fresh
  }
  for (const rider of riders) {
    const first = candidatesByRide.get(rider.rideId)?.[0]
    if (first !== undefined) componentOf(first.driver.driverId).riders.push(rider)
  }
  for (const driverId of [...driverById.keys()].sort()) {
    const driver = driverById.get(driverId)
    if (driver !== undefined) componentOf(driverId).drivers.push(driver)
  }
  return [...componentByRoot.values()]
}

/** Oldest request first; the ride id decides between equals. */
function byAge(a: RiderPoolState, b: RiderPoolState): number {
  return a.requestedAt - b.requestedAt || (a.rideId < b.rideId ? -1 : a.rideId > b.rideId ? 1 : 0)
}
