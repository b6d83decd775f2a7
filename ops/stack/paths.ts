/**
 * The layout of the git-ignored folder: programs are shared by all stacks, the rest is per name.
 *
 * ```
 * .local/programs/<component>-<version>/   installed programs, each with a stamp
 * .local/state/<name>/                     stack.json, one pid file a server
 * .local/data/<name>/<server>/             data, survives `down`
 * .local/logs/<name>/<server>.log
 * ```
 *
 * @module
 */
import { join } from 'node:path'
import type { StackConfig } from './config.ts'

/** The folders of one stack. */
export type StackPaths = {
  localDir: string
  programsDir: string
  /** Parents of every stack's data and logs. */
  sharedDirs: readonly string[]
  /** Parent of every stack's state folder. */
  statesDir: string
  stateDir: string
  dataDir: string
  logDir: string
  stateFile: string
}

/** The folders for the stack that the config names. */
export function stackPaths(config: Pick<StackConfig, 'localDir' | 'name'>): StackPaths {
  const { localDir, name } = config
  const stateDir = join(localDir, 'state', name)
  return {
    localDir,
    programsDir: join(localDir, 'programs'),
    sharedDirs: [join(localDir, 'data'), join(localDir, 'logs')],
    statesDir: join(localDir, 'state'),
    stateDir,
    dataDir: join(localDir, 'data', name),
    logDir: join(localDir, 'logs', name),
    stateFile: join(stateDir, 'stack.json')
  }
}

/** The log of one server. */
export function logFileOf(paths: StackPaths, server: string): string {
  return join(paths.logDir, `${server}.log`)
}

/** The pid file of one server. */
export function pidFileOf(paths: StackPaths, server: string): string {
  return join(paths.stateDir, `${server}.pid.json`)
}
