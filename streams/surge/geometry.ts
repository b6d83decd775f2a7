/**
 * @module How the cells of a market lie to each other, and which of them have a price. Where a market
 * is split, a cell is priced by the shard that holds its centre, so that no two shards publish one cell.
 */
import { cellToLatLng, getResolution, isValidCell } from 'h3-js'
import {
  type Cell,
  type Markets,
  neighbours,
  parentCell,
  type SurgePolicy
} from '../../domain/index.ts'
import type { CellGeometry } from './formula.ts'

/** Geometry at the policy's resolutions. */
export function geometryOf(policy: Pick<SurgePolicy, 'fallbackResolution'>): CellGeometry {
  return {
    neighbours: (cell) => neighbours(cell, 1),
    parent: (cell) => parentCell(cell, policy.fallbackResolution)
  }
}

/** Whether a text is a cell of the resolution that is priced. */
export function isSurgeCell(text: string, policy: Pick<SurgePolicy, 'resolution'>): boolean {
  return isValidCell(text) && getResolution(text) === policy.resolution
}

/** Whether the centre of a cell lies in the market. */
export function isInMarket(
  cell: Cell,
  market: string,
  markets: Pick<Markets, 'marketOf'>
): boolean {
  const [lat, lon] = cellToLatLng(cell)
  return markets.marketOf({ lat, lon }) === market
}
