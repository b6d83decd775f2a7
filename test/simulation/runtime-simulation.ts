/**
 * @module One simulation of the runtime: the real tasks and their commit protocol on servers in memory.
 * First everything goes wrong that the seed draws; then the faults stop, and within a bounded number
 * of steps all must be at rest. The checker judges what was seen. The same seed gives the same run.
 */
import type { TaskFaults } from '../../streams/runtime/index.ts'
import {
  type Anomaly,
  checkHistory,
  reportAnomalies,
  type StorePositions
} from '../checker/index.ts'
import { createDice } from './dice.ts'
import { createLiveReader, historyOf } from './runtime-history.ts'
import { trustedAgeMs } from './runtime-losses.ts'
import { simOracle } from './runtime-model.ts'
import { Nemesis, skewMsMax } from './runtime-nemesis.ts'
import { positionsOf } from './runtime-positions.ts'
import { keys } from './runtime-workload.ts'
import { World } from './runtime-world.ts'

const movesEach = 260
/** Steps to come to rest in after the faults; the longest wait is for a task to notice an empty backend. */
const stepsMax = 400
const stepMs = 100
/** Nothing happens for this many steps: longer than the time between two looks at a quiet store, and clocks that were ahead. */
const restSteps = 40

export interface RuntimeResult {
  readonly seed: number
  readonly anomalies: readonly Anomaly[]
  /** Errors that would have stopped the process. */
  readonly fatal: readonly unknown[]
  readonly bites: ReadonlyMap<string, number>
  /** Inputs, outputs and replayed state of the run, to see that it was worth running. */
  readonly inputs: number
  readonly outputs: number
}

/** Runs one seed. */
export async function simulateRuntime(
  seed: number,
  faults: TaskFaults = {}
): Promise<RuntimeResult> {
  const dice = createDice(seed)
  const world = new World(seed, dice, {
    faults,
    trustedAgeMs,
    appendLagMs: skewMsMax,
    recordsPerCommitMax: 1 + dice.below(12),
    // Values are read from the backend again and again, not only from memory.
    cacheEntriesMax: 1 + dice.below(6)
  })
  const nemesis = new Nemesis(world, dice)
  const live = createLiveReader(world)
  const probes: StorePositions[] = []
  for (let move = 0; move < movesEach && world.fatal.length === 0; move += 1) {
    await nemesis.move()
    if (dice.chance(0.1)) live.poll()
    probes.push(...(await positionsOf(world)))
  }
  await nemesis.heal()
  let took = await comeToRest(world)
  if (took !== null && dice.chance(0.25)) {
    await nemesis.lastLoss()
    took = await comeToRest(world)
  }
  if (took !== null) await endWithEntries(world)
  live.poll()
  const untilMs = world.now() - skewMsMax
  const history = await historyOf(world, { live, probes, took, limit: stepsMax, untilMs })
  const anomalies = checkHistory(history, simOracle(untilMs))
  return {
    seed,
    anomalies,
    fatal: world.fatal,
    bites: world.bites.counts,
    inputs: history.inputs.length,
    outputs: history.reads[0]?.outputs.length ?? 0
  }
}

/** The text of a failed run. */
export function reportOf({ seed, anomalies, fatal }: RuntimeResult): string {
  const again = `run again: SIM_SEED=${seed} SIM_SEEDS=1 npx vitest run test/simulation/runtime`
  return [
    reportAnomalies(`seed ${seed}`, anomalies),
    ...fatal.map((error) => `  fatal: ${String(error)}`),
    again
  ].join('\n')
}

/** Works as the engine does, without faults. @returns the steps it took, null when it never rests */
async function comeToRest(world: World): Promise<number | null> {
  let quietFor = 0
  for (let step = 0; step < stepsMax; step += 1) {
    if (world.fatal.length > 0) return null
    const before = await ends(world)
    for (const slot of world.slots) await workOn(world, slot)
    await world.pass(stepMs)
    const isQuiet = before === (await ends(world)) && (await isAtRest(world))
    quietFor = isQuiet ? quietFor + 1 : 0
    if (quietFor >= restSteps) return step + 1 - restSteps
  }
  return null
}

/** One step of a slot: bury the dead, acquire what nobody owns, let zombies and the owner work. */
async function workOn(world: World, slot: World['slots'][number]): Promise<void> {
  await world.bury(slot)
  for (const zombie of slot.zombies) {
    if (zombie.isBusy) continue
    await world.feed(zombie, 1_000)
    await zombie.begin(() => zombie.task.cycle())
  }
  if (slot.owner === null) {
    const owner = await world.acquire(slot, world.slots.indexOf(slot))
    await owner.begin(() => owner.task.acquire())
    return
  }
  const { owner } = slot
  if (owner.isBusy) return
  await world.feed(owner, 1_000)
  // Only when the task says so, as the engine does: a wrong due time would leave work undone.
  if (owner.task.dueMs() <= owner.now()) await owner.begin(() => owner.task.cycle())
}

async function isAtRest(world: World): Promise<boolean> {
  for (const { owner } of world.slots) {
    if (owner === null || owner.isBusy || owner.isDead || !owner.task.isRunning) return false
    if (owner.task.lag > 0) return false
  }
  return (await positionsOf(world)).every(({ position, committed }) => position === committed)
}

/** Text that changes with every record and commit. */
async function ends(world: World): Promise<string> {
  const { log, topology } = world
  const committed = await log.admin.committed(topology.group, topology.sources)
  const high: string[] = [...committed.values()].map(({ offset }) => String(offset))
  for (const topic of log.topics()) {
    for (const { high: end } of (await log.admin.endOffsets(topic)).values()) high.push(String(end))
  }
  return high.join()
}

/** Leaves fresh entries and timers behind: empty stores would be too easy to get right. */
async function endWithEntries(world: World): Promise<void> {
  for (const key of keys.slice(1)) await world.send(key, 'ok')
  for (let step = 0; step < 10; step += 1) {
    await world.pass(stepMs + 40)
    for (const slot of world.slots) await workOn(world, slot)
  }
}
