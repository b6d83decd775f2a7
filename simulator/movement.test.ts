import { describe, expect, test } from 'vitest'
import { distanceMeters, etaSeconds, modelSecondsToMs } from '../domain/index.ts'
import { headingOf, placeOn, roadSpeed, startLeg } from './movement.ts'

const from = { lat: 40.75, lon: -73.98 }
const to = { lat: 40.76, lon: -73.97 }
const timezone = 'America/New_York'
const atMs = Date.UTC(2025, 0, 15, 17)
const timeScale = 20

describe('a drive', () => {
  const roadMetersPerSecond = roadSpeed({ atMs, timezone, timeScale })
  const leg = startLeg(from, to, { startedMs: 1_000, roadMetersPerSecond })

  test("takes as long as the service's own model says, sped up", () => {
    const modelSeconds = etaSeconds({ from, to, atMs, timezone })
    const expectedMs = modelSecondsToMs({ timeScale }, modelSeconds)
    expect(Math.abs(leg.durationMs - expectedMs)).toBeLessThanOrEqual(1_000 / timeScale)
  })

  test('goes straight and evenly from one end to the other', () => {
    const middle = placeOn(leg, leg.startedMs + leg.durationMs / 2)
    expect(distanceMeters(from, middle)).toBeCloseTo(distanceMeters(middle, to), 0)
    expect(placeOn(leg, 0)).toEqual(from)
    expect(distanceMeters(placeOn(leg, 1e9), to)).toBeCloseTo(0, 6)
  })

  test('never takes no time, so that its share can be told', () => {
    const standing = startLeg(from, from, { startedMs: 0, roadMetersPerSecond })
    expect(standing.durationMs).toBe(1)
    expect(placeOn(standing, 0)).toEqual(from)
  })

  test.each([
    [{ lat: 40.76, lon: -73.98 }, 0],
    [{ lat: 40.75, lon: -73.97 }, 90],
    [{ lat: 40.74, lon: -73.98 }, 180],
    [{ lat: 40.75, lon: -73.99 }, 270]
  ])('to %o heads %i degrees', (target, degrees) => {
    const heading = headingOf({ from, to: target, startedMs: 0, durationMs: 1 })
    expect(heading).toBeCloseTo(degrees, 6)
  })
})
