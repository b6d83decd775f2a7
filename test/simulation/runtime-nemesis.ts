/**
 * @module What happens in the runtime's simulation, one move at a time: senders send, tasks work, time
 * passes, and things go wrong at rates that each seed draws.
 */
import type { Dice } from './dice.ts'
import { createLosses, type Losses } from './runtime-losses.ts'
import type { Owner } from './runtime-owner.ts'
import { createPlans, drawRate, type Plans } from './runtime-plans.ts'
import { keys } from './runtime-workload.ts'
import type { Sending, Slot, World } from './runtime-world.ts'

/** Longest time a task's clock is ahead of the senders'; tasks allow for it as append lag. */
export const skewMsMax = 1_000
const zombiesMax = 2

type Move = () => Promise<void> | void

export class Nemesis {
  readonly #world: World
  readonly #dice: Dice
  readonly #losses: Losses
  readonly #plans: Plans
  readonly #moves: readonly (readonly [Move, number])[]
  readonly #sending: readonly (readonly [Sending, number])[]
  readonly #isSkewed: boolean

  constructor(world: World, dice: Dice) {
    const rate = (weight: number): number => drawRate(dice, weight)
    const losses = createLosses(world, dice)
    this.#world = world
    this.#dice = dice
    this.#losses = losses
    this.#plans = createPlans(dice)
    this.#isSkewed = dice.chance(0.5)
    this.#sending = [
      ['ok', 10],
      ['lost-reply', rate(1)],
      ['sent-twice', rate(1)],
      ['refused', rate(1)]
    ]
    // In a slow run outages are long, so that what changelogs forget is missed.
    const isSlow = dice.chance(0.3)
    this.#moves = [
      [() => this.#work(), 50],
      [() => this.#send(), 14],
      [() => world.pass(2 + dice.below(400)), 12],
      [() => world.pass(1_000 + dice.below(5_000)), 2],
      [() => world.pass(10_000 + dice.below(140_000)), isSlow ? 5 : rate(0.5)],
      [() => this.#haunt(), 8],
      [() => this.#usurp(), rate(2)],
      [() => losses.takeSnapshot(), 2],
      [() => losses.rollBack(), rate(1)],
      [() => losses.wipe(), rate(0.7)],
      [() => losses.failOver(), rate(1.5)],
      [() => losses.compact(), isSlow ? 15 : rate(3)],
      [() => losses.expire(), rate(1)],
      [() => world.openSend(keys.slice(dice.below(4))), rate(2)],
      [() => world.endSend(dice.chance(0.5)), 3],
      [() => this.#feedAgain(), rate(2)],
      [() => this.#jumpClock(), 2]
    ]
  }

  /** Does one thing. */
  async move(): Promise<void> {
    await this.#dice.weighted(this.#moves)()
  }

  /** Ends all faults: clocks agree, transactions end, whoever hangs goes on. */
  async heal(): Promise<void> {
    await this.#world.endSend(true)
    for (const at of this.#world.slots) {
      for (const owner of [...at.zombies, ...(at.owner ? [at.owner] : [])]) {
        owner.plan = null
        owner.skewMs = 0
        while (owner.pausedAt !== null) await owner.resume()
      }
    }
  }

  /** What only a quiet task can notice by itself. */
  async lastLoss(): Promise<void> {
    await (this.#dice.chance(0.5) ? this.#losses.wipe() : this.#losses.rollBack())
  }

  async #work(): Promise<void> {
    const at = this.#slot()
    await this.#world.bury(at)
    const { owner } = at
    if (owner === null) return this.#takeOver(at)
    if (owner.pausedAt !== null) {
      if (this.#dice.chance(0.15)) await owner.resume()
      else if (this.#dice.chance(0.25)) await this.#takeOver(at)
      return
    }
    if (!owner.isBusy) await this.#cycle(owner)
  }

  /** A zombie goes on, as if nothing had happened. */
  async #haunt(): Promise<void> {
    const at = this.#slot()
    const zombie = this.#dice.pick(at.zombies)
    if (zombie?.pausedAt) await zombie.resume()
    else if (zombie && !zombie.isBusy && !zombie.isDead) await this.#cycle(zombie)
    await this.#world.bury(at)
  }

  /** Another owner takes a task over from one that is well. */
  async #usurp(): Promise<void> {
    const at = this.#slot()
    if (at.owner !== null && !at.owner.isDead && !at.owner.isBusy) await this.#takeOver(at)
  }

  async #cycle(owner: Owner): Promise<void> {
    const dice = this.#dice
    owner.plan = this.#plans.ofCycle()
    await this.#world.feed(owner, dice.chance(0.3) ? 1_000 : 1 + dice.below(4))
    this.#losses.beforeWork()
    await owner.begin(() => owner.task.cycle())
  }

  async #takeOver(at: Slot): Promise<void> {
    if (at.zombies.length >= zombiesMax) return
    const owner = await this.#world.acquire(at, this.#world.slots.indexOf(at))
    owner.plan = this.#plans.ofAcquisition()
    owner.skewMs = this.#skew()
    this.#losses.beforeWork()
    await owner.begin(() => owner.task.acquire())
  }

  async #send(): Promise<void> {
    await this.#world.send(this.#dice.pick(keys) ?? keys[0], this.#dice.weighted(this.#sending))
  }

  #feedAgain(): void {
    const { owner } = this.#slot()
    if (owner !== null && !owner.isBusy && !owner.isDead) this.#world.feedAgain(owner)
  }

  /** The wall clock of one owner jumps, ahead or back. */
  #jumpClock(): void {
    const { owner } = this.#slot()
    const skewMs = this.#skew()
    if (owner === null || owner.skewMs === skewMs) return
    if (skewMs < owner.skewMs) this.#world.bites.add('clock-back')
    owner.skewMs = skewMs
  }

  #skew(): number {
    return this.#isSkewed ? 2 * this.#dice.below(skewMsMax / 2) : 0
  }

  #slot(): Slot {
    return this.#dice.pick(this.#world.slots) ?? { owner: null, zombies: [] }
  }
}
