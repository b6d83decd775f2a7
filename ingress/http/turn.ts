/**
 * Requests of one turn of the event loop, taken up together. The web server calls for each request
 * on its own and lets its promises run before the next, so that each request walks through all of
 * the code alone: a megabyte of machine code for the sake of one body, out of caches that hold a
 * fraction of it. Begun together, requests go from `await` to `await` side by side: all tokens, then
 * all bodies, then all records, each stage in code that is warm from the request before.
 *
 * @module
 */

/** Resolves once the sockets that were ready have been read; the same promise for all of them. */
export const createTurn = (): (() => Promise<void>) => {
  let current: Promise<void> | null = null
  return () => {
    current ??= new Promise((resolve) => {
      setImmediate(() => {
        current = null
        resolve()
      })
    })
    return current
  }
}
