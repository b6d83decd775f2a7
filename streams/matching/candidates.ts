/**
 * @module Which drivers a rider may be offered to: those in the H3 disk around the pickup, within
 * the pickup time limit, not excluded, the nearest few. The disk grows until it holds enough
 * drivers, so a dense city is searched by a few cells and a quiet one as far as the limit reaches.
 */
import type { DriverPoolState, GeoPoint, RiderPoolState } from '../../avro/index.ts'
import {
  cellOf,
  disk,
  distanceMeters,
  type Policy,
  roadFactor,
  speedKmh
} from '../../domain/index.ts'

/** H3 resolution of the driver index; cells are about 0.74 km2. */
const indexResolution = 8

/**
 * Disk radii tried, in rings. Two resolution 8 cells beside each other are at least 0.7 km apart,
 * so 16 rings reach 11 km: further than the pickup time limit at any hour's speed.
 */
const diskRings = [1, 2, 4, 8, 16] as const
const ringMetersMin = 700

/** A driver a rider may be offered to. */
export interface Candidate {
  readonly driver: DriverPoolState
  /** Model seconds to the pickup. */
  readonly etaSeconds: number
  /** Road metres to the pickup. */
  readonly meters: number
}

/** Limits of the search, and the speed of the market at this hour. */
export interface SearchLimits {
  /** Drivers considered for one rider at most. */
  readonly candidatesMax: number
  readonly pickupEtaMaxSeconds: number
  readonly metersPerSecond: number
}

/** The limits of a market at a time of day; the speed is looked up once and not for every pair. */
export function searchLimits(
  policy: Pick<Policy, 'candidatesMax' | 'pickupEtaMaxSeconds'>,
  at: { readonly atMs: number; readonly timezone: string }
): SearchLimits {
  const { candidatesMax, pickupEtaMaxSeconds } = policy
  const metersPerSecond = speedKmh(at.atMs, at.timezone) / 3.6
  return { candidatesMax, pickupEtaMaxSeconds, metersPerSecond }
}

/** Drivers by H3 cell. */
export type DriverIndex = ReadonlyMap<string, readonly DriverPoolState[]>

// A driver's place is an immutable object that lives as long as the driver stays there, so its cell
// is computed once and not in every window: 50 k drivers would cost a window 150 ms.
const cellByPlace = new WeakMap<GeoPoint, string>()

function cellOfPlace(place: GeoPoint): string {
  const known = cellByPlace.get(place)
  if (known !== undefined) return known
  const cell = cellOf(place, indexResolution)
  cellByPlace.set(place, cell)
  return cell
}

/** Indexes drivers by cell. O(n). */
export function indexDrivers(drivers: Iterable<DriverPoolState>): DriverIndex {
  const index = new Map<string, DriverPoolState[]>()
  for (const driver of drivers) {
    const cell = cellOfPlace(driver.place)
    const inCell = index.get(cell)
    if (inCell === undefined) index.set(cell, [driver])
    else inCell.push(driver)
  }
  return index
}

/**
 * The nearest drivers by pickup time, modelled as `domain` does it, at most `candidatesMax`; equal
 * times by driver id, so the answer does not depend on the order of the index.
 */
export function findCandidates(
  rider: RiderPoolState,
  index: DriverIndex,
  limits: SearchLimits
): readonly Candidate[] {
  const centre = cellOfPlace(rider.pickup)
  const excluded = new Set(rider.excluded)
  // Straight metres; nobody within the pickup time limit is further away.
  const reach = (limits.metersPerSecond * limits.pickupEtaMaxSeconds) / roadFactor
  let found: Candidate[] = []
  for (const [step, rings] of diskRings.entries()) {
    found = collect(rider, index, { cells: disk(centre, rings), excluded, limits })
    const before = diskRings[step - 1] ?? 0
    if (found.length >= limits.candidatesMax || before * ringMetersMin > reach) break
  }
  found.sort((a, b) => a.etaSeconds - b.etaSeconds || order(a.driver, b.driver))
  return found.slice(0, limits.candidatesMax)
}

function collect(
  rider: RiderPoolState,
  index: DriverIndex,
  search: {
    readonly cells: readonly string[]
    readonly excluded: ReadonlySet<string>
    readonly limits: SearchLimits
  }
): Candidate[] {
  const { metersPerSecond, pickupEtaMaxSeconds } = search.limits
  const found: Candidate[] = []
  for (const cell of search.cells) {
    for (const driver of index.get(cell) ?? []) {
      if (search.excluded.has(driver.driverId)) continue
      const meters = roadFactor * distanceMeters(driver.place, rider.pickup)
      const eta = Math.round(meters / metersPerSecond)
      if (eta > pickupEtaMaxSeconds) continue
      found.push({ driver, etaSeconds: eta, meters: Math.round(meters) })
    }
  }
  return found
}

function order(a: DriverPoolState, b: DriverPoolState): number {
  return a.driverId < b.driverId ? -1 : a.driverId > b.driverId ? 1 : 0
}
