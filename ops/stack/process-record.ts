/**
 * Pid files. A pid alone names a process only while that process lives; with the moment it was
 * started, in ticks since a named boot, a recycled pid is never taken for ours.
 *
 * @module
 */
import { readFile, rm } from 'node:fs/promises'
import { readJsonFile, writeJsonFile } from './json-file.ts'

/** The content of a pid file. */
export type ProcessRecord = {
  pid: number
  /** Boot id and start tick of the process. */
  birth: string
  /** Hash of its command line and config files: another one means that it must be restarted. */
  fingerprint: string
}

/**
 * When the process with this pid was started, or undefined when none lives. A zombie counts as
 * dead: in containers whose first process does not reap, killed servers stay zombies for ever.
 */
export async function birthOf(pid: number): Promise<string | undefined> {
  try {
    const [stat, bootId] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8')
    ])
    return birthFrom(stat, bootId)
  } catch {
    // Not there, or gone between open and read: no such process.
    return undefined
  }
}

/** Reads state and start tick from the text of `/proc/PID/stat`. */
export function birthFrom(stat: string, bootId: string): string | undefined {
  // The second field is the program's name in brackets, which may hold blanks and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const state = fields[0]
  const startTick = fields[19]
  if (state === undefined || startTick === undefined || state === 'Z' || state === 'X') {
    return undefined
  }
  return `${bootId.trim()}:${startTick}`
}

/** True while the very process of the record lives. */
export async function isAlive(record: ProcessRecord): Promise<boolean> {
  return (await birthOf(record.pid)) === record.birth
}

/** The record of a pid file, or undefined when there is none or it cannot be read as one. */
export async function readRecord(pidFile: string): Promise<ProcessRecord | undefined> {
  const value = await readJsonFile(pidFile)
  if (typeof value !== 'object' || value === null) {
    return undefined
  }
  if (!('pid' in value && 'birth' in value && 'fingerprint' in value)) {
    return undefined
  }
  const { pid, birth, fingerprint } = value
  if (typeof pid !== 'number' || typeof birth !== 'string' || typeof fingerprint !== 'string') {
    return undefined
  }
  return Number.isInteger(pid) && pid > 1 ? { pid, birth, fingerprint } : undefined
}

/** The record of a pid file whose process lives. */
export async function readLiveRecord(pidFile: string): Promise<ProcessRecord | undefined> {
  const record = await readRecord(pidFile)
  return record !== undefined && (await isAlive(record)) ? record : undefined
}

/** Writes a pid file. */
export async function writeRecord(pidFile: string, record: ProcessRecord): Promise<void> {
  await writeJsonFile(pidFile, record)
}

/** Removes a pid file. */
export async function removeRecord(pidFile: string): Promise<void> {
  await rm(pidFile, { force: true })
}
