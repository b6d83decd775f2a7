/**
 * @module What the figures of the ingress bench are held against.
 */
import { median } from '../comparison.ts'
import { judgeTargets, type TargetOutcome, type Targets } from '../targets.ts'
import type { IngressFigures } from './bench.ts'
import type { PeerName } from './servers.ts'

const targets: Targets<IngressFigures> = {
  expressRatio: { bar: 5, aim: 10, of: ratioTo('express') },
  hyperExpressEchoRatio: { bar: 0, aim: 0.6, of: ratioTo('hyperExpressEcho') },
  ridesP99Ms: { bar: 50, isLimit: true, of: ridesP99 },
  positionsPerCore: { bar: 150_000, of: ({ batchPositions }) => batchPositions?.eventsPerCore }
}

/** Every target whose scenario ran. */
export const judge = (figures: IngressFigures): Record<string, TargetOutcome> =>
  judgeTargets(targets, figures)

/** At the most connections. */
export function ratioTo(peer: PeerName): (figures: IngressFigures) => number | undefined {
  return ({ rides }) => Object.values(rides?.comparisons ?? {}).at(-1)?.[peer].ratio
}

function ridesP99({ rides }: IngressFigures): number | undefined {
  if (rides === undefined) return undefined
  const most = Math.max(...rides.runs.map(({ connections }) => connections))
  return median(
    rides.runs
      .filter(({ server, connections }) => server === 'hailstream' && connections === most)
      .map(({ p99 }) => p99)
  )
}
