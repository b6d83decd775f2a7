/**
 * @module Markets: the areas that are matched and priced on their own. A market is a polygon, or
 * the polygon's H3 cells of resolution 5 where the definition says `split`. Which partition a
 * market's records go to stands in the definition, since a hash would put two busy markets on one
 * partition and could not be changed by hand.
 */

import {
  cellToBoundary,
  isValidCell,
  POLYGON_TO_CELLS_FLAGS,
  polygonToCellsExperimental
} from 'h3-js'
import { type Cell, cellOf, neighbours } from './geo.ts'
import { type Box, boxOf, isInBox, isInRing, metersToRing, type Ring } from './polygon.ts'
import type { Point } from './records.ts'
import type { Tariff } from './tariffs.ts'

/** The H3 resolution of a split market's parts: cells of about 250 km². */
export const shardResolution = 5
/** The least width between opposite edges of such a cell in the areas served, metres. */
const shardMetersMin = 12_000

/** One market's definition. */
export type Market = {
  /** Lower-case letters, digits and `_`. */
  readonly id: string
  readonly name: string
  readonly polygon: Ring
  readonly split: boolean
  /** ISO 4217 code. */
  readonly currency: string
  /** IANA zone. */
  readonly timezone: string
  /** The partition of the market's records; of a split market's cells not in `shards`. */
  readonly partition: number
  /** Partition by H3 cell of resolution 5, for a split market. */
  readonly shards?: Readonly<Record<Cell, number>>
  readonly tariff: Tariff
}

/** The markets served. A market id here is `new_york`, or `new_york:<cell>` when split. */
export type Markets = {
  readonly all: readonly Market[]
  /** The market id of a point, or null outside of the service area. */
  marketOf(point: Point): string | null
  /**
   * The market ids whose riders a driver at the point can reach: the home first and, when split,
   * the cells of the same market within `meters` in a fixed order. Empty outside.
   */
  reachable(point: Point, meters: number): string[]
  /** @throws RangeError for an unknown market id */
  partitionOf(marketId: string): number
  /** The definition behind a market id, split or not, or null. */
  byId(marketId: string): Market | null
  /** The market ids on a partition, in a fixed order. */
  idsOn(partition: number): string[]
}

type Area = { market: Market; box: Box; ringByCell: ReadonlyMap<Cell, Ring> }

/**
 * The markets of a definition; where polygons overlap, the first listed wins.
 * @throws RangeError when the definition is unusable, naming the market
 */
export function createMarkets(definition: readonly Market[]): Markets {
  const areas = definition.map(areaOf)
  const areaById = new Map(areas.map((area) => [area.market.id, area]))
  if (areaById.size !== areas.length) throw new RangeError('expected market ids to be unique')

  const homeOf = (point: Point): Area | undefined =>
    areas.find(({ market, box }) => isInBox(point, box) && isInRing(point, market.polygon))
  const parse = (marketId: string): { market: Market; cell: Cell | null } | null => {
    const [id = '', cell, ...rest] = marketId.split(':')
    const market = areaById.get(id)?.market
    if (market === undefined || rest.length > 0 || market.split !== (cell !== undefined))
      return null
    if (cell !== undefined && !isValidCell(cell)) return null
    return { market, cell: cell ?? null }
  }

  return {
    all: definition,
    marketOf(point) {
      const home = homeOf(point)
      return home === undefined ? null : marketIdOf(home.market, point)
    },
    reachable(point, meters) {
      const home = homeOf(point)
      if (home === undefined) return []
      const homeId = marketIdOf(home.market, point)
      return home.market.split ? [homeId, ...shardsWithin(home, point, meters)] : [homeId]
    },
    partitionOf(marketId) {
      const parsed = parse(marketId)
      if (parsed === null) throw new RangeError(`expected a known market, got ${marketId}`)
      return partitionOfCell(parsed.market, parsed.cell)
    },
    byId: (marketId) => parse(marketId)?.market ?? null,
    idsOn: (partition) => areas.flatMap((area) => idsOfArea(area, partition))
  }
}

/**
 * A split version of a market: its cells, in the order of their ids, dealt out to the partitions
 * in turn. A tool for writing a definition; the table in the result is what counts afterwards.
 */
export function splitMarket(market: Market, partitions: readonly number[]): Market {
  const shards: Record<Cell, number> = {}
  for (const [index, cell] of cellsOf(market.polygon).entries()) {
    shards[cell] = partitions[index % partitions.length] ?? market.partition
  }
  return { ...market, split: true, shards }
}

function marketIdOf(market: Market, point: Point): string {
  return market.split ? `${market.id}:${cellOf(point, shardResolution)}` : market.id
}

function partitionOfCell(market: Market, cell: Cell | null): number {
  return (cell === null ? undefined : market.shards?.[cell]) ?? market.partition
}

function idsOfArea({ market, ringByCell }: Area, partition: number): string[] {
  if (!market.split) return market.partition === partition ? [market.id] : []
  return [...ringByCell.keys()]
    .filter((cell) => partitionOfCell(market, cell) === partition)
    .map((cell) => `${market.id}:${cell}`)
}

function shardsWithin({ market, ringByCell }: Area, point: Point, meters: number): string[] {
  const rings = 1 + Math.floor(Math.max(0, meters) / shardMetersMin)
  return neighbours(cellOf(point, shardResolution), rings)
    .filter((cell) => {
      const ring = ringByCell.get(cell)
      return ring !== undefined && metersToRing(point, ring) <= meters
    })
    .sort()
    .map((cell) => `${market.id}:${cell}`)
}

function areaOf(market: Market): Area {
  const refuse = (what: string): never => {
    throw new RangeError(`market ${market.id}: expected ${what}`)
  }
  if (!/^[a-z0-9_]{1,32}$/.test(market.id)) refuse('an id of lower-case letters, digits and _')
  if (market.polygon.length < 3) refuse('a polygon of three points or more')
  for (const [lon, lat] of market.polygon) {
    if (!(Math.abs(lon) <= 180 && Math.abs(lat) <= 90)) refuse('polygon points as [lon, lat]')
  }
  if (market.currency !== market.tariff.currency) refuse('the currency of its tariff')
  const partitions = [market.partition, ...Object.values(market.shards ?? {})]
  if (!partitions.every((each) => Number.isInteger(each) && each >= 0)) {
    refuse('partitions that are whole numbers from 0')
  }
  const cells = market.split ? cellsOf(market.polygon) : []
  return { market, box: boxOf(market.polygon), ringByCell: new Map(cells.map(cellRing)) }
}

/** The cells a polygon touches, in the order of their ids. */
function cellsOf(polygon: Ring): Cell[] {
  const coordinates = polygon.map(([lon, lat]) => [lat, lon])
  const cells = polygonToCellsExperimental(
    coordinates,
    shardResolution,
    POLYGON_TO_CELLS_FLAGS.containmentOverlapping
  )
  return [...new Set(cells)].sort()
}

function cellRing(cell: Cell): [Cell, Ring] {
  return [cell, cellToBoundary(cell, true).map(([lon, lat]) => [lon, lat] as const)]
}
