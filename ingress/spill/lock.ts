/**
 * One process a folder: two that replay the same segments would tear their order apart. The lock is a
 * file with the owner's pid and, since pids are used again, the moment it was born; a lock whose owner
 * is gone is taken over.
 *
 * @module
 */
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FatalError } from '../../core/index.ts'

type Owner = { pid: number; birth: string }

const lockName = 'lock'
/** Only others that start in the same moment can make a try fail that the next one would not. */
const triesMax = 3

/** Takes the folder; returns how to give it back. Throws `HAIL_SPILL_LOCKED` (fatal) when it is taken. */
export const lockFolder = async (folder: string): Promise<() => Promise<void>> => {
  const path = join(folder, lockName)
  const own = join(folder, `${lockName}.${process.pid}`)
  await writeFile(own, JSON.stringify({ pid: process.pid, birth: await birthOf(process.pid) }))
  try {
    for (let tries = 1; tries <= triesMax; tries += 1) {
      if (await isLinked(own, path)) return () => rm(path, { force: true })
      const owner = await readOwner(path)
      if (owner !== null && (await isAlive(owner))) {
        const message = `${folder} is in use by process ${owner.pid}; give each process a folder of its own`
        throw new FatalError('HAIL_SPILL_LOCKED', message)
      }
      // Away in one step, so that of two that take over only one finds it there.
      await rename(path, `${own}.stale`).catch(ignoreMissing)
      await rm(`${own}.stale`, { force: true })
    }
  } finally {
    await rm(own, { force: true })
  }
  throw new FatalError('HAIL_SPILL_LOCKED', `${folder} is being taken by another process`)
}

/** A link is made whole or not at all, with its content, unlike a file that is created. */
const isLinked = async (from: string, to: string): Promise<boolean> => {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  }
}

const readOwner = async (path: string): Promise<Owner | null> => {
  try {
    const { pid, birth } = JSON.parse(await readFile(path, 'utf8')) as Partial<Owner>
    return typeof pid === 'number' && typeof birth === 'string' ? { pid, birth } : null
  } catch {
    // Gone since, or nothing a process of ours wrote.
    return null
  }
}

const isAlive = async ({ pid, birth }: Owner): Promise<boolean> => {
  if (pid === process.pid) return birth === (await birthOf(pid))
  try {
    process.kill(pid, 0)
  } catch (error) {
    // Somebody else's process lives although it may not be signalled.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return birth === (await birthOf(pid))
}

/** The start tick of a process since boot, and the boot; empty where there is no /proc. */
const birthOf = async (pid: number): Promise<string> => {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8')
    ])
    // The second field is the program's name in brackets, which may hold blanks and brackets.
    const startTick = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return `${boot.trim()}:${startTick}`
  } catch {
    return ''
  }
}

const ignoreMissing = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'ENOENT') throw error
}
