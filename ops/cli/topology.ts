/**
 * @module Prints each service's graph, stores and internal topics (`make topology`).
 */
import { loadMarkets, readSharedConfig, systemClock } from '../../core/index.ts'
import { describeTopologies } from '../../streams/runtime/index.ts'
import { describedTopologies } from '../../streams/services.ts'

const shared = readSharedConfig(undefined, { secrets: [] })
const markets = loadMarkets(shared.marketsFile)
process.stdout.write(
  `${describeTopologies(describedTopologies({ markets, clock: systemClock }))}\n`
)
