/**
 * @module Scenario: an owner killed with SIGKILL. Another process of the same program holds half of
 * the tasks; the dead member is taken out of the group, as the supervisor does, and the other half
 * moves. Time runs from the assignment until every task runs. With the largest store, memory is
 * weighed, then Redis is emptied of the program's state and a new process rebuilds it from the
 * changelogs.
 */
import { type ProgressPoint, watchProgress } from '../committed-progress.ts'
import { benchTopic, everyKeyOnce, type InputSpec, writeInput } from '../input.ts'
import { usageOf } from '../process-usage.ts'
import { removeState, type Stage } from '../stage.ts'
import { OwnProgram } from './own-program.ts'
import type { Scenario, ScenarioOptions } from './scenario.ts'
import type { StreamsSizes } from './sizes.ts'

export interface Takeover {
  readonly keys: number
  /** Tasks that moved. */
  readonly tasks: number
  /** From the assignment to the last of them running, ms. */
  readonly takeoverMs: number
  /** From the SIGKILL to the last of them running, ms: the stall of their partitions. */
  readonly stallMs: number
  readonly memory: StoreMemory
}

/** Resident memory, MiB. */
export interface StoreMemory {
  /** The process that fills the store from a full backlog, by the keys that it has: flat if bounded. */
  readonly fillingMb: readonly { readonly keys: number; readonly residentMb: number }[]
  readonly peakMb: number
  /** The process that took the tasks over and has nothing to do. */
  readonly successorMb: number
}

export interface Rebuild {
  readonly keys: number
  readonly records: number
  readonly seconds: number
  readonly recordsPerSecond: number
  readonly residentPeakMb: number
}

export interface TakeoverResult {
  readonly takeovers: readonly Takeover[]
  readonly rebuild: Rebuild
}

const patienceMs = 120_000

export const takeover: Scenario<TakeoverResult> = async (options) => {
  const takeovers: Takeover[] = []
  let rebuilt: Rebuild | undefined
  for (const [index, keys] of options.sizes.takeoverKeys.entries()) {
    const filled = await fill(options, keys)
    takeovers.push(await takeOver(options, filled))
    if (index === options.sizes.takeoverKeys.length - 1) rebuilt = await rebuild(options, filled)
  }
  if (rebuilt === undefined) throw new Error('expected a store size to take over, got none')
  return { takeovers, rebuild: rebuilt }
}

/** A program whose store holds every key, and the process that filled it. */
interface Filled {
  readonly input: InputSpec
  readonly name: string
  readonly groupId: string
  readonly owner: OwnProgram
  readonly fillingMb: StoreMemory['fillingMb']
}

/** Parts of the fill at which memory is looked at. */
const fillSteps = 8

async function fill({ stage, sizes, seed }: ScenarioOptions, keys: number): Promise<Filled> {
  const name = `${stage.prefix}_table_${keys}`
  const { partitions, valueBytes, spanMs } = sizes
  const baseMs = stage.clock.now() - spanMs
  const topic = `${name}_input`
  const input: InputSpec = {
    ...{ topic, keys, partitions, valueBytes, seed, spanMs },
    records: keys,
    baseMs: baseMs - (baseMs % 2)
  }
  await writeInput({ ...stage, spec: input, records: everyKeyOnce(input) })
  await stage.admin.ensureTopics([benchTopic(`${name}_output`, partitions)])
  const owner = newProgram(stage, sizes, topic)
  try {
    const groupId = await owner.start(name, `${name}_output`)
    const watch = { ...stage, groupId, topics: [topic], records: keys, everyMs: 50, patienceMs }
    const fillingMb: { keys: number; residentMb: number }[] = []
    const onProgress = async ({ committed }: ProgressPoint): Promise<void> => {
      if (committed < ((fillingMb.length + 1) * keys) / fillSteps) return
      const { residentMb } = await usageOf(owner.child.pid)
      fillingMb.push({ keys: committed, residentMb: Math.round(residentMb) })
    }
    await watchProgress({ ...watch, died: owner.child.died, onProgress })
    return { input, name, groupId, owner, fillingMb }
  } catch (error) {
    await owner.child.kill()
    throw error
  }
}

async function takeOver(
  { stage, sizes }: ScenarioOptions,
  { input, name, groupId, owner, fillingMb }: Filled
): Promise<Takeover> {
  const successor = newProgram(stage, sizes, input.topic)
  try {
    await successor.start(name, `${name}_output`)
    const half = await successor.until(
      ({ assigned, running }) => assigned > 0 && assigned < sizes.partitions && running === assigned
    )
    await owner.until(({ assigned, running }) => assigned > 0 && running === assigned)
    const { residentPeakMb } = await usageOf(owner.child.pid)
    const killedAtMs = stage.clock.now()
    await owner.child.kill()
    await removeDeadMember(stage, groupId, owner.child.pid)
    const done = await successor.until(
      ({ assigned, running }) => assigned === sizes.partitions && running === assigned
    )
    const assignedAtMs =
      successor.counts.find(({ assigned }) => assigned === sizes.partitions)?.atMs ?? Number.NaN
    const result = {
      keys: input.keys,
      tasks: sizes.partitions - half.assigned,
      takeoverMs: done.atMs - assignedAtMs,
      stallMs: done.atMs - killedAtMs,
      memory: {
        fillingMb,
        peakMb: Math.round(residentPeakMb),
        successorMb: Math.round((await usageOf(successor.child.pid)).residentMb)
      }
    }
    stage.tell(
      `takeover at ${input.keys} keys: ${result.takeoverMs} ms after assignment, ` +
        `${result.stallMs} ms after SIGKILL, owner at most ${result.memory.peakMb} MiB`
    )
    return result
  } finally {
    await Promise.all([owner.child.kill(), successor.child.end()])
  }
}

async function rebuild(
  { stage, sizes }: ScenarioOptions,
  { input, name }: Filled
): Promise<Rebuild> {
  const removed = await removeState(stage.redis, name)
  if (removed === 0) throw new Error(`expected state of ${name} in Redis, found no key`)
  const program = newProgram(stage, sizes, input.topic)
  try {
    await program.start(name, `${name}_output`)
    const done = await program.until(
      ({ assigned, running }) => assigned === sizes.partitions && running === assigned
    )
    const begun = program.counts.find(({ assigned }) => assigned === sizes.partitions)
    const records = await program.metric('hail_streams_restored_records_total')
    const seconds = (done.atMs - (begun?.atMs ?? Number.NaN)) / 1000
    const { residentPeakMb } = await usageOf(program.child.pid)
    const result = {
      keys: input.keys,
      records,
      seconds,
      recordsPerSecond: Math.round(records / seconds),
      residentPeakMb: Math.round(residentPeakMb)
    }
    stage.tell(`rebuild of ${records} records: ${seconds} s, ${result.recordsPerSecond} records/s`)
    return result
  } finally {
    await program.child.end()
  }
}

function newProgram(stage: Stage, sizes: StreamsSizes, topic: string): OwnProgram {
  return new OwnProgram(stage, {
    program: 'table',
    input: [topic],
    partitions: sizes.partitions,
    windowMs: sizes.windowMs,
    graceMs: sizes.graceMs
  })
}

/** The member is told by its client id, which carries the process id. */
async function removeDeadMember(stage: Stage, groupId: string, pid: number): Promise<void> {
  const members = await stage.admin.groupMembers(groupId)
  const dead = members.filter(({ clientId }) => clientId.endsWith(`-${pid}`))
  if (dead.length === 0)
    throw new Error(`expected process ${pid} in group ${groupId}, is not there`)
  for (const { memberId } of dead) await stage.kafka.removeMember(groupId, memberId)
}
