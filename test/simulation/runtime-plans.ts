/**
 * @module Which fault an operation of a task is to meet. Each seed draws which kinds it has at all and
 * how often, so that some runs are all crashes and others all lost answers.
 */
import { type FailpointName, failpointNames } from '../../streams/runtime/index.ts'
import type { Dice } from './dice.ts'
import { callFaults, type Plan } from './runtime-faults.ts'

/** Crash points that a task reaches; the others belong to the engine around it. */
export const taskPoints = failpointNames.filter((name) => name !== 'revoke.mid')

/** A rate around `weight` for this seed; often none. */
export function drawRate(dice: Dice, weight: number): number {
  return dice.chance(0.4) ? 0 : weight * 4 ** (dice.next() * 2 - 1)
}

/** Points of a task's acquisition; the others are those of its cycles. */
const isOfAcquisition = (name: string): boolean => /^(assign|restore)\./.test(name)

export interface Plans {
  ofAcquisition(): Plan | null
  ofCycle(): Plan | null
}

/** Draws the plan of one operation after the other; null for one without a fault. */
export function createPlans(dice: Dice): Plans {
  const share = dice.chance(0.1) ? 0 : 0.02 + dice.next() * 0.3
  const pauseShare = dice.next()
  const calls = callFaults.map((name) => [name, drawRate(dice, 1)] as const)
  // Most acquisitions have nothing to restore, so that this point is passed seldom.
  const points = taskPoints.map(
    (name) => [name, drawRate(dice, name === 'restore.mid' ? 5 : 1)] as const
  )
  const draw = (chosen: readonly (readonly [Plan['kind'] | FailpointName, number])[]) => {
    return (): Plan | null => {
      if (!dice.chance(share) || chosen.every(([, weight]) => weight === 0)) return null
      return planOf(dice, dice.weighted(chosen), pauseShare)
    }
  }
  return {
    ofAcquisition: draw([...calls, ...points.filter(([name]) => isOfAcquisition(name))]),
    ofCycle: draw([...calls, ...points.filter(([name]) => !isOfAcquisition(name))])
  }
}

function planOf(dice: Dice, name: string, pauseShare: number): Plan {
  const call = callFaults.find((fault) => fault === name)
  if (call !== undefined) return { kind: call }
  const point = taskPoints.find((at) => at === name) ?? 'process.after'
  return { kind: dice.chance(pauseShare) ? 'pause' : 'crash', point, hitsLeft: hitOf(dice, point) }
}

/** Only a restore passes its point more than once in one operation. */
function hitOf(dice: Dice, point: FailpointName): number {
  return point === 'restore.mid' ? 1 + dice.below(4) : 1
}
