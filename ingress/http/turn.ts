/**
 * Requests of one turn of the event loop, taken up together. The web server calls for each request
 * on its own and lets its promises run before the next, so that each request walks through all of
 * the code alone: a megabyte of machine code for the sake of one body, out of caches that hold a
 * fraction of it. Begun together, requests go from `await` to `await` side by side: all tokens, then
 * all bodies, then all records, each stage in code that is warm from the request before.
 *
 * @module
 */

/** Half as many are hardly slower; sockets, acknowledgements and timers have their turn in between. */
const togetherMax = 256

/** Resolves once the sockets that were ready have been read; the same promise for up to 256 callers. */
export const createTurn = (): (() => Promise<void>) => {
  /** Those after the first go on one turn later each. */
  const groups: { promise: Promise<void>; begin: () => void; size: number }[] = []
  const next = (): void => {
    const group = groups.shift()
    if (groups.length > 0) setImmediate(next)
    group?.begin()
  }
  return () => {
    let group = groups.at(-1)
    if (group === undefined || group.size === togetherMax) {
      let begin = (): void => undefined
      const promise = new Promise<void>((resolve) => {
        begin = resolve
      })
      group = { promise, begin, size: 0 }
      groups.push(group)
      if (groups.length === 1) setImmediate(next)
    }
    group.size += 1
    return group.promise
  }
}
