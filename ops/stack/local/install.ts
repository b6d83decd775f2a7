/**
 * Installs the programs of a local stack: each into a folder of another name that is renamed when it
 * is complete, with a stamp inside. An interrupted setup goes on with what is not yet there; the
 * download caches of Maven, Go and apt make the repeated part short.
 *
 * @module
 */
import { mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { StackConfig } from '../config.ts'
import { readJsonFile, writeJsonFile } from '../json-file.ts'
import { withLock } from '../lock.ts'
import { removeTree } from '../mounts.ts'
import { type StackPaths, stackPaths } from '../paths.ts'
import { type Report, withProgress } from '../progress.ts'
import { INSTALLERS } from './installers.ts'
import { findProgram, PROGRAM_DIRS, type ProgramName } from './programs.ts'
import { provideTools } from './tools.ts'

const PROGRAM_NAMES = Object.keys(PROGRAM_DIRS) as ProgramName[]

/**
 * Installs what is not installed yet.
 *
 * @returns the names of the programs that were installed by this call
 * @throws StackError with what is missing or what failed
 */
export async function installPrograms(config: StackConfig, report: Report): Promise<ProgramName[]> {
  const paths = stackPaths(config)
  if (await isInstalled(paths)) {
    return []
  }
  return await withLock(paths.programsDir, report, async () => {
    const wanted = await programsToInstall(paths)
    await provideTools(config, new Set(wanted), report)
    await mkdir(paths.programsDir, { recursive: true })
    // All are run to their end, so that one failure does not throw away the work of the others.
    const results = await Promise.allSettled(
      wanted.map((name) =>
        withProgress(report, `setup: ${PROGRAM_DIRS[name]}`, () => install(name, paths, config))
      )
    )
    for (const result of results) {
      if (result.status === 'rejected') {
        throw result.reason
      }
    }
    return wanted
  })
}

/** True when everything that a local stack runs is there. */
export async function isInstalled(paths: StackPaths): Promise<boolean> {
  const [missing, redis] = await Promise.all([
    programsToInstall(paths),
    findProgram('redis-server')
  ])
  return missing.length === 0 && redis !== undefined
}

/** Full path of an installed program's folder. */
export function programDir(paths: StackPaths, name: ProgramName): string {
  return join(paths.programsDir, PROGRAM_DIRS[name])
}

async function programsToInstall(paths: StackPaths): Promise<ProgramName[]> {
  const stamps = await Promise.all(
    PROGRAM_NAMES.map((name) => readJsonFile(stampFile(programDir(paths, name))))
  )
  return PROGRAM_NAMES.filter((_, index) => stamps[index] === undefined)
}

async function install(name: ProgramName, paths: StackPaths, config: StackConfig): Promise<void> {
  const dir = programDir(paths, name)
  await removeLeftovers(paths, PROGRAM_DIRS[name])
  // Named after this process: a download that outlived a killed setup must not write into ours.
  const partial = `${dir}.${process.pid}.partial`
  await mkdir(partial)
  const facts = await INSTALLERS[name](partial, config)
  await writeJsonFile(stampFile(partial), { program: PROGRAM_DIRS[name], ...facts })
  await rename(partial, dir)
}

/** Removes what interrupted setups left, and an installed folder whose stamp cannot be read. */
async function removeLeftovers(paths: StackPaths, programDirName: string): Promise<void> {
  const names = await readdir(paths.programsDir)
  const leftovers = names.filter(
    (name) =>
      name === programDirName || (name.startsWith(programDirName) && name.endsWith('.partial'))
  )
  await Promise.all(leftovers.map((name) => removeTree(join(paths.programsDir, name))))
}

function stampFile(dir: string): string {
  return join(dir, 'hailstream-stamp.json')
}
