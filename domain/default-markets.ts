/**
 * @module The markets served by default: New York (the five boroughs, the near side of New Jersey
 * with Newark's airport, and lower Westchester) and Chicago (the city with O'Hare and Midway).
 */

import type { Market } from './markets.ts'
import { usdTariff } from './tariffs.ts'

const newYork: Market = {
  id: 'new_york',
  name: 'New York',
  polygon: [
    [-74.27, 40.47],
    [-74.13, 40.5],
    [-74.02, 40.56],
    [-73.94, 40.54],
    [-73.76, 40.56],
    [-73.62, 40.57],
    [-73.6, 40.65],
    [-73.6, 40.9],
    [-73.66, 41.0],
    [-73.72, 41.05],
    [-74.0, 41.05],
    [-74.14, 40.98],
    [-74.28, 40.88],
    [-74.35, 40.74],
    [-74.34, 40.6],
    [-74.29, 40.5]
  ],
  split: false,
  currency: 'USD',
  timezone: 'America/New_York',
  partition: 0,
  tariff: usdTariff
}

const chicago: Market = {
  id: 'chicago',
  name: 'Chicago',
  polygon: [
    [-87.95, 41.95],
    [-87.86, 41.86],
    [-87.8, 41.72],
    [-87.76, 41.62],
    [-87.52, 41.62],
    [-87.52, 41.74],
    [-87.58, 41.86],
    [-87.64, 42.08],
    [-87.8, 42.1],
    [-87.95, 42.03]
  ],
  split: false,
  currency: 'USD',
  timezone: 'America/Chicago',
  partition: 1,
  tariff: usdTariff
}

/** New York on partition 0 and Chicago on partition 1, both unsplit. */
export const defaultMarkets: readonly Market[] = [newYork, chicago]
