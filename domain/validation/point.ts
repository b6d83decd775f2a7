/**
 * @module Positions: finite numbers in the range of WGS84.
 */

import type { Point } from '../records.ts'

/** `point_out_of_range`, or null. */
export function pointProblem(point: Point): string | null {
  const isInRange =
    Number.isFinite(point.lat) &&
    Number.isFinite(point.lon) &&
    Math.abs(point.lat) <= 90 &&
    Math.abs(point.lon) <= 180
  return isInRange ? null : 'point_out_of_range'
}
