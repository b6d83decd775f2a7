/**
 * @module The two engines that are compared, as programs of one protocol: arguments of the form
 * name=value, then commands and events a line each (see child-process.ts and peers/).
 */
import { join } from 'node:path'
import { assertThat } from '../core/index.ts'
import { nodeArguments } from '../ops/strip-types/node-arguments.ts'
import type { ChildCommand } from './child-process.ts'
import { javaCommand } from './java-peer.ts'
import type { Stage } from './stage.ts'

export type ContestantName = 'hailstream' | 'kafkaStreams'

/** The programs both engines have, and those that only measure ours. */
export type ProgramName = 'windowed-count' | 'session-window' | 'join' | 'hop' | 'table'

export interface ProgramArguments {
  readonly program: ProgramName
  /** Topics, all with the same number of partitions. */
  readonly input: readonly string[]
  readonly partitions: number
  /** Window size, session gap or join distance, ms. */
  readonly windowMs: number
  readonly graceMs: number
}

/** Shortest time between commits, of both engines; Kafka Streams' own default under exactly once. */
export const commitMs = 100
/** Threads of Kafka Streams; ours is one Node process. */
export const streamThreads = 2

/** The command that runs a program on an engine. */
export function contestantCommand(
  stage: Stage,
  name: ContestantName,
  program: ProgramArguments
): ChildCommand {
  const args = argumentsOf(stage, program)
  if (name === 'hailstream') return nodeCommand(args)
  assertThat(stage.peer !== null, 'a stage for a race has the Java peer')
  return javaCommand(stage.peer, args)
}

function nodeCommand(args: readonly string[]): ChildCommand {
  const program = new URL('streams/programs/main.ts', import.meta.url)
  return { file: process.execPath, args: nodeArguments(program, args) }
}

function argumentsOf({ addresses, workDir }: Stage, program: ProgramArguments): string[] {
  const values = {
    program: program.program,
    brokers: addresses.kafka,
    redis: addresses.redis,
    input: program.input.join(','),
    partitions: program.partitions,
    'window-ms': program.windowMs,
    'grace-ms': program.graceMs,
    'commit-ms': commitMs,
    threads: streamThreads,
    'state-dir': join(workDir, 'state')
  }
  return Object.entries(values).map(([name, value]) => `${name}=${value}`)
}
