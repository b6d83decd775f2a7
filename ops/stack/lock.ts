/**
 * A lock between commands: two `up` at a time would start two Kafkas on one data folder. It is a
 * listening socket in Linux' abstract name space, which the kernel frees with its process, so a
 * killed command leaves nothing to be taken over (a lock file cannot be taken over without a race).
 * Elsewhere only compose mode works, and the engine serializes that itself: no lock there.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:net'
import { StackError } from './errors.ts'
import type { Report } from './progress.ts'
import { waitUntil } from './wait.ts'

/** Longer than a setup from nothing takes on a slow line. */
const LOCK_WAIT_MS = 30 * 60_000

/**
 * Does the work while holding the lock of a folder; waits for another holder to end.
 *
 * @throws StackError HAIL_STACK_LOCKED after half an hour
 */
export async function withLock<T>(
  folder: string,
  report: Report,
  work: () => Promise<T>
): Promise<T> {
  if (process.platform !== 'linux') {
    return await work()
  }
  const lock = await takeLock(folder, report)
  try {
    return await work()
  } finally {
    await new Promise((resolve) => lock.close(resolve))
  }
}

async function takeLock(folder: string, report: Report): Promise<Server> {
  const name = `\0hailstream-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`
  let hasReported = false
  let lock: Server | undefined
  await waitUntil(async () => {
    lock = await listenOn(name)
    if (lock === undefined && !hasReported) {
      report(`another command is at work on ${folder}; waiting for it to end`)
      hasReported = true
    }
    return lock !== undefined
  }, LOCK_WAIT_MS)
  if (lock === undefined) {
    throw new StackError(
      'HAIL_STACK_LOCKED',
      `Waited ${LOCK_WAIT_MS / 60_000} min for another command on ${folder}; end that command first`
    )
  }
  return lock
}

async function listenOn(name: string): Promise<Server | undefined> {
  return await new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') {
        resolve(undefined)
      } else {
        reject(error)
      }
    })
    server.listen(name, () => resolve(server))
  })
}
