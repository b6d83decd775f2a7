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

/** The drivers of some cells. */
type DriverGroups = readonly (readonly DriverPoolState[])[]

/** A driver and the squared distance in degrees of latitude. */
interface Near {
  readonly driver: DriverPoolState
  readonly squared: number
}

/**
 * Finds the nearest drivers by pickup time, modelled as `domain` does it, at most `candidatesMax`;
 * equal times by driver id, so the answer does not depend on the order of the drivers.
 */
export type CandidateSearch = (rider: RiderPoolState) => readonly Candidate[]

// A driver's place is an immutable object that lives as long as the driver stays there, so its cell
// is computed once and not in every window: 50 k drivers would cost a window 150 ms.
const cellByPlace = new WeakMap<GeoPoint, string>()

/** Indexes the drivers for one window. O(drivers); a search is O(drivers in the disk). */
export function createSearch(
  drivers: readonly DriverPoolState[],
  limits: SearchLimits
): CandidateSearch {
  const byCell = new Map<string, DriverPoolState[]>()
  for (const driver of drivers) {
    const cell = cellOfPlace(driver.place)
    const inCell = byCell.get(cell)
    if (inCell === undefined) byCell.set(cell, [driver])
    else inCell.push(driver)
  }
  const everybody: DriverGroups = [drivers]
  const groupsByDisk = new Map<string, DriverGroups>()
  const within = (centre: string, rings: number): DriverGroups => {
    // A disk of more cells than there are drivers is dearer than looking at each driver.
    if (cellsWithin(rings) >= drivers.length) return everybody
    const key = `${centre}/${rings}`
    const known = groupsByDisk.get(key)
    if (known !== undefined) return known
    const groups = disk(centre, rings).flatMap((cell) => {
      const inCell = byCell.get(cell)
      return inCell === undefined ? [] : [inCell]
    })
    groupsByDisk.set(key, groups)
    return groups
  }
  // Straight metres; nobody within the pickup time limit is further away.
  const reach = (limits.metersPerSecond * limits.pickupEtaMaxSeconds) / roadFactor
  return (rider) => {
    const centre = cellOfPlace(rider.pickup)
    const excluded = new Set(rider.excluded)
    let found: readonly Candidate[] = []
    for (const [step, rings] of diskRings.entries()) {
      const near = within(centre, rings)
      found = nearest(rider, near, { excluded, limits })
      const searched = diskRings[step - 1] ?? 0
      if (found.length >= limits.candidatesMax || near === everybody) break
      if (searched * ringMetersMin > reach) break
    }
    return found
  }
}

/** The nearest by the plane, then judged by the sphere: over a few km both order alike. */
function nearest(
  rider: RiderPoolState,
  groups: DriverGroups,
  search: { readonly excluded: ReadonlySet<string>; readonly limits: SearchLimits }
): Candidate[] {
  const { candidatesMax, metersPerSecond, pickupEtaMaxSeconds } = search.limits
  const { lat, lon } = rider.pickup
  const shrink = Math.cos((lat * Math.PI) / 180)
  const chosen: Near[] = []
  for (const group of groups) {
    for (const driver of group) {
      const north = driver.place.lat - lat
      const east = (driver.place.lon - lon) * shrink
      const squared = north * north + east * east
      const last = chosen[candidatesMax - 1]
      if (last !== undefined && squared > last.squared) continue
      if (search.excluded.has(driver.driverId)) continue
      insert(chosen, { driver, squared })
      if (chosen.length > candidatesMax) chosen.pop()
    }
  }
  const found: Candidate[] = []
  for (const { driver } of chosen) {
    const meters = roadFactor * distanceMeters(driver.place, rider.pickup)
    const etaSeconds = Math.round(meters / metersPerSecond)
    if (etaSeconds <= pickupEtaMaxSeconds) {
      found.push({ driver, etaSeconds, meters: Math.round(meters) })
    }
  }
  return found.sort((a, b) => a.etaSeconds - b.etaSeconds || order(a.driver, b.driver))
}

/** Inserts in order of distance; the driver id decides between equals, not the order of input. */
function insert(chosen: Near[], entry: Near): void {
  let at = chosen.length
  for (let before = chosen[at - 1]; before !== undefined; before = chosen[at - 1]) {
    const isBehind =
      before.squared > entry.squared ||
      (before.squared === entry.squared && order(before.driver, entry.driver) > 0)
    if (!isBehind) break
    at -= 1
  }
  chosen.splice(at, 0, entry)
}

function cellOfPlace(place: GeoPoint): string {
  const known = cellByPlace.get(place)
  if (known !== undefined) return known
  const cell = cellOf(place, indexResolution)
  cellByPlace.set(place, cell)
  return cell
}

/** Cells of a disk: 1 + 6 + 12 + ... */
function cellsWithin(rings: number): number {
  return 1 + 3 * rings * (rings + 1)
}

function order(a: DriverPoolState, b: DriverPoolState): number {
  return a.driverId < b.driverId ? -1 : a.driverId > b.driverId ? 1 : 0
}
