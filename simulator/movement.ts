/**
 * How cars move: along the straight line, at the speed the service's own model has for this hour,
 * divided by the detour that roads take, and sped up by the time scale.
 *
 * Example: at 13.5 km/h and a time scale of 20 a car covers 3.75 m/s x 20 / 1.35 = 55.6 straight
 * metres in a second of the demo.
 *
 * @module
 */
import { distanceMeters, type Point, roadFactor, speedKmh } from '../domain/index.ts'

/** A drive from one place to another. */
export type Leg = {
  readonly from: Point
  readonly to: Point
  readonly startedMs: number
  readonly durationMs: number
}

/** Road metres in a wall second at a time of day. */
export function roadSpeed(at: {
  readonly atMs: number
  readonly timezone: string
  readonly timeScale: number
}): number {
  return (speedKmh(at.atMs, at.timezone) / 3.6) * at.timeScale
}

/** A drive that starts at `startedMs`; never 0 ms long, so that a share of it can be told. */
export function startLeg(
  from: Point,
  to: Point,
  how: { readonly startedMs: number; readonly roadMetersPerSecond: number }
): Leg {
  const seconds = (distanceMeters(from, to) * roadFactor) / how.roadMetersPerSecond
  return {
    from,
    to,
    startedMs: how.startedMs,
    durationMs: Math.max(1, Math.round(seconds * 1_000))
  }
}

/** Where the car is at a time: at an end before the start and after the arrival. */
export function placeOn(leg: Leg, nowMs: number): Point {
  const share = Math.min(1, Math.max(0, (nowMs - leg.startedMs) / leg.durationMs))
  return {
    lat: leg.from.lat + (leg.to.lat - leg.from.lat) * share,
    lon: leg.from.lon + (leg.to.lon - leg.from.lon) * share
  }
}

/** Direction of travel, degrees clockwise from north, 0..360. */
export function headingOf({ from, to }: Leg): number {
  const radians = Math.PI / 180
  const east = (to.lon - from.lon) * Math.cos(from.lat * radians)
  const degrees = Math.atan2(east, to.lat - from.lat) / radians
  return (degrees + 360) % 360
}
