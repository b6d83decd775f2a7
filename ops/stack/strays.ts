/**
 * Finds processes of a server that no pid file names: the children of a postmaster that was killed
 * (each is a session of its own), or a server whose starting command was killed before it wrote the
 * pid file. Either would keep a new server from opening the same data. They are told by their
 * working directory, compared by device and inode since one of them lives in its own mounts, and
 * by their program's name, so that a person's shell in that folder is left alone.
 *
 * @module
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { birthOf, type ProcessRecord } from './process-record.ts'
import { endProcess } from './processes.ts'

const STRAY_WAIT_MS = 5_000

/** Ends every stray and returns how many there were. */
export async function endStrays(dataDir: string, program: string): Promise<number> {
  const strays = await findStrays(dataDir, program)
  await Promise.all(strays.map((stray) => endProcess(stray, 'SIGTERM', STRAY_WAIT_MS)))
  return strays.length
}

/** Processes of this program whose working directory is this folder. Linux only; else none. */
export async function findStrays(dataDir: string, program: string): Promise<ProcessRecord[]> {
  const folder = await folderIdentity(dataDir)
  if (folder === undefined) {
    return []
  }
  const pids = (await entriesOf('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number)
  const found = await Promise.all(
    pids.map(async (pid) => ((await isStray(pid, folder, program)) ? await recordOf(pid) : []))
  )
  return found.flat()
}

async function isStray(pid: number, folder: string, program: string): Promise<boolean> {
  try {
    const name = (await readFile(`/proc/${pid}/comm`, 'utf8')).trim()
    return name === program && (await folderIdentity(`/proc/${pid}/cwd`)) === folder
  } catch {
    // Gone since the list was read.
    return false
  }
}

async function recordOf(pid: number): Promise<ProcessRecord[]> {
  const birth = await birthOf(pid)
  return birth === undefined ? [] : [{ pid, birth, fingerprint: 'stray' }]
}

async function folderIdentity(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path, { bigint: true })
    return `${dev}:${ino}`
  } catch {
    return undefined
  }
}

async function entriesOf(dir: string): Promise<string[]> {
  try {
    return await readdir(dir)
  } catch {
    return []
  }
}
