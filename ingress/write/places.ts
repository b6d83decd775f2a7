/**
 * Which market a ride belongs to.
 *
 * @module
 */
import type { Market, Markets, Point } from '../../domain/index.ts'
import { Problem } from '../http/index.ts'

/** The market of a ride: its id (of a shard, where split) and its definition. */
export type RideMarket = { id: string; market: Market }

/**
 * The market of the pickup; the drop-off must lie in the same one, though not in the same shard.
 * Throws a 422 problem that names the place.
 */
export const marketOfRide = (pickup: Point, dropoff: Point, markets: Markets): RideMarket => {
  const id = markets.marketOf(pickup)
  const market = id === null ? null : markets.byId(id)
  if (id === null || market === null) throw outside('/pickup', 'is outside every market')
  const other = markets.marketOf(dropoff)
  if (other === null) throw outside('/dropoff', 'is outside every market')
  if (markets.byId(other) !== market) throw outside('/dropoff', 'is in another market')
  return { id, market }
}

const outside = (path: string, message: string): Problem =>
  new Problem('outside_service_area', { detail: `${path} ${message}`, errors: [{ path, message }] })
