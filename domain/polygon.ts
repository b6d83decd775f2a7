/**
 * @module Plane geometry on small areas: degrees are treated as a plane, which is good to well
 * under a metre for the question "inside or outside" at the scale of a city.
 */

import type { Point } from './records.ts'

/** A closed ring of [lon, lat] pairs, as in GeoJSON; the first need not be repeated at the end. */
export type Ring = readonly (readonly [lon: number, lat: number])[]

/** A rectangle in degrees. */
export type Box = { minLat: number; maxLat: number; minLon: number; maxLon: number }

/** Metres in a degree of latitude. */
const degreeMeters = 111_195

/** The rectangle around a ring. */
export function boxOf(ring: Ring): Box {
  const lons = ring.map(([lon]) => lon)
  const lats = ring.map(([, lat]) => lat)
  return {
    minLat: Math.min(...lats),
    maxLat: Math.max(...lats),
    minLon: Math.min(...lons),
    maxLon: Math.max(...lons)
  }
}

/** True when the rectangle holds the point, edges included. */
export function isInBox(point: Point, box: Box): boolean {
  return (
    point.lat >= box.minLat &&
    point.lat <= box.maxLat &&
    point.lon >= box.minLon &&
    point.lon <= box.maxLon
  )
}

/** True when the ring holds the point (even-odd rule; on an edge either answer may come). */
export function isInRing(point: Point, ring: Ring): boolean {
  let inside = false
  let previous = ring[ring.length - 1]
  for (const current of ring) {
    if (previous !== undefined && current[1] > point.lat !== previous[1] > point.lat) {
      const share = (point.lat - current[1]) / (previous[1] - current[1])
      if (point.lon < current[0] + share * (previous[0] - current[0])) inside = !inside
    }
    previous = current
  }
  return inside
}

/** Metres from a point to the nearest edge of a ring, whether the point is inside or not. */
export function metersToRing(point: Point, ring: Ring): number {
  const lonMeters = degreeMeters * Math.cos((point.lat * Math.PI) / 180)
  const local = ring.map(
    ([lon, lat]) => [(lon - point.lon) * lonMeters, (lat - point.lat) * degreeMeters] as const
  )
  let nearest = Number.POSITIVE_INFINITY
  let previous = local[local.length - 1]
  for (const current of local) {
    if (previous !== undefined) nearest = Math.min(nearest, originToSegment(previous, current))
    previous = current
  }
  return nearest
}

function originToSegment(
  [ax, ay]: readonly [number, number],
  [bx, by]: readonly [number, number]
): number {
  const dx = bx - ax
  const dy = by - ay
  const lengthSquared = dx * dx + dy * dy
  const along = lengthSquared === 0 ? 0 : -(ax * dx + ay * dy) / lengthSquared
  const t = Math.min(1, Math.max(0, along))
  return Math.hypot(ax + t * dx, ay + t * dy)
}
