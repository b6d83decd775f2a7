/**
 * @module The tutorial's service: how many rides each market asked for in every five minutes, once
 * the five minutes are over.
 */
import {
  createStreamsBuilder,
  type OperatorSubTopology,
  tumbling
} from '../../streams/operators/index.ts'
import { jsonFormat, type TopicSpec } from '../../streams/runtime/index.ts'

/** A ride that somebody asked for, by market. */
interface Request {
  readonly rideId: string
}

/** One line of the result. */
export interface MarketDemand {
  readonly market: string
  readonly fromMs: number
  readonly rides: number
}

/** Where the results go: a topic of our own, outside of the Avro catalogue. */
export const marketDemand: TopicSpec<MarketDemand> = {
  name: 'market_demand',
  partitions: 6,
  format: jsonFormat<MarketDemand>('MarketDemand')
}

const fiveMinutesMs = 5 * 60_000

/** The sub-topologies of the service. */
export function marketDemandTopologies(): OperatorSubTopology[] {
  const builder = createStreamsBuilder({ app: 'demand', commitIntervalMs: 250 })
  builder
    .stream('ride_events')
    .filter(({ type }) => type === 'RIDE_REQUESTED')
    .map(({ rideId, ride }) => ({ key: ride.market, value: { rideId } }))
    .repartition({ name: 'by_market', format: jsonFormat<Request>('Request') })
    .groupByKey()
    .windowedBy(tumbling({ sizeMs: fiveMinutesMs, graceMs: 30_000 }))
    .count({ name: 'requests', emit: 'close' })
    .toStream()
    .filter((rides) => rides !== null)
    .map((rides, { key: market, startMs: fromMs }) => ({
      key: market,
      value: { market, fromMs, rides: Number(rides) }
    }))
    .to(marketDemand)
  return builder.build()
}
