/**
 * @module Distances, cells and travel times. Travel time is modelled, not routed: road distance is
 * 1.35 times the straight line and speed depends on the hour of day. Both come from New York taxi
 * trips: the ratio of metered to straight distance, and the median trip speed of each hour.
 */

import { cellToParent, getResolution, gridDisk, latLngToCell } from 'h3-js'
import { localHour } from './local-hour.ts'
import type { Point } from './records.ts'

/** An H3 cell index as hexadecimal text. */
export type Cell = string

/** Road metres for a straight metre. */
export const roadFactor = 1.35

/** Mean Earth radius (IUGG), metres. */
const earthMeters = 6_371_008.8

/** Median trip speed in km/h by local hour 0..23. */
const speedKmhByHour: readonly number[] = [
  21.5, 22.3, 23.8, 26.8, 26.9, 30.7, 24.1, 17.3, 14.6, 13.6, 13.5, 13.5, 13.4, 13.6, 13.2, 12.9,
  14.2, 13.8, 14.1, 15.1, 16.2, 18.1, 18.8, 19.1
]

/** A journey between two places at a time of day. */
export type Journey = { from: Point; to: Point; atMs: number; timezone: string }

/** Great-circle distance in metres (haversine). */
export function distanceMeters(a: Point, b: Point): number {
  const toRadians = Math.PI / 180
  const sinLat = Math.sin(((b.lat - a.lat) * toRadians) / 2)
  const sinLon = Math.sin(((b.lon - a.lon) * toRadians) / 2)
  const h =
    sinLat * sinLat + Math.cos(a.lat * toRadians) * Math.cos(b.lat * toRadians) * sinLon * sinLon
  return 2 * earthMeters * Math.asin(Math.min(1, Math.sqrt(h)))
}

/** Model speed in km/h at an epoch time in a zone. */
export function speedKmh(atMs: number, timezone: string): number {
  const speed = speedKmhByHour[localHour(atMs, timezone)]
  if (speed === undefined) throw new RangeError(`expected a time in epoch ms, got ${atMs}`)
  return speed
}

/** Travel time in whole model seconds: 1.35 x straight metres / (speed / 3.6). */
export function etaSeconds({ from, to, atMs, timezone }: Journey): number {
  const metersPerSecond = speedKmh(atMs, timezone) / 3.6
  return Math.round((roadFactor * distanceMeters(from, to)) / metersPerSecond)
}

/** Road metres and model seconds of a trip, both whole numbers, as a fare wants them. */
export function estimateTrip(
  pickup: Point,
  dropoff: Point,
  atMs: number,
  timezone: string
): { distanceMeters: number; durationSeconds: number } {
  return {
    distanceMeters: Math.round(roadFactor * distanceMeters(pickup, dropoff)),
    durationSeconds: etaSeconds({ from: pickup, to: dropoff, atMs, timezone })
  }
}

/** The H3 cell of a point, resolution 0..15. */
export function cellOf(point: Point, resolution: number): Cell {
  return latLngToCell(point.lat, point.lon, resolution)
}

/** The cells within `k` steps of a cell, without the cell itself: 6 for k = 1. */
export function neighbours(cell: Cell, k: number): Cell[] {
  return gridDisk(cell, k).filter((other) => other !== cell)
}

/** The cells within `k` steps of a cell, the cell itself included: 7 for k = 1. */
export function disk(cell: Cell, k: number): Cell[] {
  return gridDisk(cell, k)
}

/** The coarser cell that holds a cell; `resolution` at most the cell's own. */
export function parentCell(cell: Cell, resolution: number): Cell {
  return getResolution(cell) === resolution ? cell : cellToParent(cell, resolution)
}
