/**
 * @module A program of ours as a child whose tasks are watched: how many are assigned, how many run.
 */
import { BenchChild } from '../child-process.ts'
import { contestantCommand, type ProgramArguments } from '../contestant.ts'
import type { Stage } from '../stage.ts'

/** Tasks of the process at a moment, epoch ms. */
export interface TaskCounts {
  readonly assigned: number
  readonly running: number
  readonly atMs: number
}

export class OwnProgram {
  readonly child: BenchChild
  readonly #counts: TaskCounts[] = []

  constructor(stage: Stage, program: ProgramArguments) {
    this.child = new BenchChild(contestantCommand(stage, 'hailstream', program), stage.clock)
    this.child.onEvent(([event, assigned, running, atMs]) => {
      if (event !== 'counts') return
      this.#counts.push({
        assigned: Number(assigned),
        running: Number(running),
        atMs: Number(atMs)
      })
    })
  }

  /** Starts the application; its group. Resolves before its tasks run. */
  async start(name: string, output: string): Promise<string> {
    await this.child.event('ready')
    this.child.command('start', name, output)
    const [groupId = name] = await this.child.event('started')
    return groupId
  }

  /** Changes of the counts since the start, in order. */
  get counts(): readonly TaskCounts[] {
    return this.#counts
  }

  /** Waits until the latest counts are as wanted; the change that made them so. */
  async until(isWanted: (counts: TaskCounts) => boolean): Promise<TaskCounts> {
    const latest = this.#counts.at(-1)
    if (latest !== undefined && isWanted(latest)) return latest
    let stop = (): void => undefined
    const wanted = new Promise<TaskCounts>((resolve) => {
      // The listener of the constructor was added first, so the list is up to date here.
      stop = this.child.onEvent(([event]) => {
        const counts = this.#counts.at(-1)
        if (event === 'counts' && counts !== undefined && isWanted(counts)) resolve(counts)
      })
    })
    try {
      return await Promise.race([wanted, this.child.died])
    } finally {
      stop()
    }
  }

  /** Ends the watching of counts, which wakes the process up many times a second. */
  async unwatch(): Promise<void> {
    this.child.command('unwatch')
    await this.child.event('unwatched')
  }

  /** Sum of one metric over its label sets, as the process itself tells it. */
  async metric(name: string): Promise<number> {
    this.child.command('metric', name)
    const [value = 'NaN'] = await this.child.event('metric')
    return Number(value)
  }
}
