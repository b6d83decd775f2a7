/**
 * What the local stack knows about each of its servers.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import type { StackConfig } from '../config.ts'
import type { StackPaths } from '../paths.ts'
import type { PortName, StackPorts } from '../ports.ts'

/** The processes of a local stack. MongoDB's protocol is spoken by two of them. */
export type ServerName = 'kafka' | 'registry' | 'redis' | 'postgres' | 'ferretdb'

/** Everything a server's functions may look at. */
export type ServerContext = {
  config: StackConfig
  paths: StackPaths
  ports: StackPorts
  programs: ServerPrograms
}

/** Full paths of what the servers run. */
export type ServerPrograms = {
  java: string
  redisServer: string
  unshare: string
  kafkaDir: string
  registryDir: string
  ferretdbDir: string
  postgresRoot: string
}

/** A command line; what it depends on is part of it, so that a change of it means a restart. */
export type ServerCommand = {
  file: string
  args: readonly string[]
  environment?: Readonly<Record<string, string>>
  /** A config file that is written before the start. */
  configFile?: { path: string; text: string }
}

/** One server: how it is prepared, run, asked and ended. */
export type LocalServer = {
  name: ServerName
  /** Servers that must answer before this one is started. */
  needs: readonly ServerName[]
  /** The ports it holds while it lives. */
  ports: readonly PortName[]
  /** The port that clients are told. */
  address: (ports: StackPorts) => string
  /** Name of its process, as in `/proc/PID/comm`. */
  program: string
  /** Its working directory, which holds its data. */
  workDir: (paths: StackPaths) => string
  command: (context: ServerContext) => ServerCommand
  /** Makes its data folder; does nothing when it is there. */
  prepare: (context: ServerContext) => Promise<void>
  answers: (ports: StackPorts) => Promise<boolean>
  /** Done once it answers, each time it was started. */
  finish?: (context: ServerContext) => Promise<void>
  /** The signal that ends it with its data safe. */
  stopSignal: NodeJS.Signals
}

/** A short hash of everything that makes two command lines different. */
export function fingerprintOf(command: ServerCommand): string {
  const { file, args, environment = {}, configFile } = command
  const text = JSON.stringify([file, args, Object.entries(environment).sort(), configFile ?? null])
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
