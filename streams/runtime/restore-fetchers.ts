/**
 * @module The connections that restores read changelogs over. A broker answers the requests of a
 * connection one after the other, so each restore has one for itself while it reads; their number
 * bounds the restores of a process that run at once, and so their memory.
 */
import { MigrateError } from '../../core/index.ts'
import type { Fetcher } from '../../core/kafka/index.ts'

export interface RestoreFetchers {
  /**
   * Runs `run` with a fetcher that nobody else uses meanwhile; waits for one first come, first served.
   * `run` leaves no fetch under way behind.
   * @throws MigrateError HAIL_CLOSED after `close`
   */
  use<T>(run: (fetcher: Fetcher) => Promise<T>): Promise<T>
  /** Closes the fetchers and sends those who wait away. */
  close(): Promise<void>
}

interface Waiter {
  readonly take: (fetcher: Fetcher | null) => void
  readonly refuse: (error: Error) => void
}

/** @param parallelMax fetchers in use at once; each is opened when first needed */
export function createRestoreFetchers(
  open: () => Promise<Fetcher>,
  parallelMax: number
): RestoreFetchers {
  const idle: Fetcher[] = []
  const waiters: Waiter[] = []
  let inUse = 0
  let isClosed = false

  const acquire = async (): Promise<Fetcher> => {
    if (isClosed) throw closedError()
    if (inUse < parallelMax) {
      inUse += 1
      return idle.pop() ?? openOne()
    }
    const handed = await new Promise<Fetcher | null>((take, refuse) => {
      waiters.push({ take, refuse })
    })
    return handed ?? openOne()
  }

  const openOne = async (): Promise<Fetcher> => {
    try {
      return await open()
    } catch (error) {
      release(null)
      throw error
    }
  }

  const release = (fetcher: Fetcher | null): void => {
    const waiter = waiters.shift()
    if (waiter) {
      waiter.take(fetcher)
      return
    }
    inUse -= 1
    if (fetcher) idle.push(fetcher)
  }

  return {
    async use(run) {
      const fetcher = await acquire()
      try {
        return await run(fetcher)
      } finally {
        if (isClosed) await fetcher.close()
        else release(fetcher)
      }
    },

    async close() {
      isClosed = true
      for (const { refuse } of waiters.splice(0)) refuse(closedError())
      await Promise.all(idle.splice(0).map((fetcher) => fetcher.close()))
    }
  }
}

function closedError(): MigrateError {
  return new MigrateError('HAIL_CLOSED', 'no restore can begin any more, the process stops')
}
