/**
 * Which way the positions of a driver go. Up to its ordinary rate they go to the topic that matching
 * and tracks live on; beyond it they are kept aside, in the overflow topic, where a phone gone mad
 * costs the platform a write and nothing more; beyond a second bound they are refused.
 *
 * ```
 * ordinary bucket --empty--> overflow bucket --empty--> refused
 * ```
 *
 * @module
 */
import type { Clock, Counter } from '../../core/index.ts'
import { TokenBuckets } from './token-buckets.ts'

/** Rates of one driver, positions a second. */
export type PositionLaneOptions = {
  clock: Pick<Clock, 'monotonic'>
  /** 0 is no limit, and then nothing overflows. */
  ordinaryPerSecond: number
  /** 0 is no overflow: what is over the ordinary rate is refused. */
  overflowPerSecond: number
  refused: Counter<'reason'>
}

/** How many positions of a batch go which way; the three add up to the batch. */
export type PositionShares = { refused: number; overflow: number; ordinary: number }

/** Decides and counts. */
export type PositionLanes = {
  share(driverId: string, count: number): PositionShares
  /** Whole seconds after which `count` refused positions would be taken. */
  secondsUntil(driverId: string, count: number): number
}

/**
 * Half a minute of the ordinary rate: with the default of 10 a second, 300, so a whole batch of a
 * driver who was in a tunnel goes the ordinary way.
 */
const ordinaryHoldSeconds = 30
const overflowHoldSeconds = 10

/** Lanes with nothing counted yet. */
export const createPositionLanes = (options: PositionLaneOptions): PositionLanes => {
  const { clock, ordinaryPerSecond, overflowPerSecond } = options
  const ordinary = new TokenBuckets({
    clock,
    perSecond: ordinaryPerSecond,
    holdSeconds: ordinaryHoldSeconds
  })
  const spare = new TokenBuckets({
    clock,
    perSecond: overflowPerSecond,
    holdSeconds: overflowHoldSeconds
  })
  const last = overflowPerSecond === 0 ? ordinary : spare
  const refused = options.refused.with({ reason: 'positions' })
  return {
    share: (driverId, count) => {
      const ordinaryCount = ordinary.take(driverId, count)
      const left = count - ordinaryCount
      if (left === 0) return { refused: 0, overflow: 0, ordinary: ordinaryCount }
      const overflowCount = overflowPerSecond === 0 ? 0 : spare.take(driverId, left)
      if (left > overflowCount) refused.inc(left - overflowCount)
      return { refused: left - overflowCount, overflow: overflowCount, ordinary: ordinaryCount }
    },
    secondsUntil: (driverId, count) => Math.max(1, last.secondsUntil(driverId, count))
  }
}
