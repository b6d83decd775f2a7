/**
 * @module One page of a store's entries, with a cursor that says where the next one begins: the
 * backend's own, and for a window store the window it belongs to.
 */
import { keyInSegment, type StateBackend } from '../runtime/index.ts'
import { taskName } from './freshness.ts'
import type { QueryableStore } from './queryable-store.ts'
import type { RangeRequest } from './store-query.ts'

export interface RangePage {
  readonly entries: readonly (readonly [key: string, value: Buffer])[]
  readonly cursor: string | null
}

/** Entries one step looks at, at most: Redis serves nobody else meanwhile. */
export const rangeLimitMax = 1_000
const limitDefault = 100
/** Steps of one answer while nothing fits the bounds; an empty page with a cursor follows. */
const stepsMax = 10

/** @throws RangeError for a cursor that is none */
export async function readRange(
  backend: Pick<StateBackend, 'page' | 'segments'>,
  store: QueryableStore,
  request: RangeRequest
): Promise<RangePage> {
  const task = taskName(store, request.partition)
  const count = Math.min(Math.max(1, request.limit ?? limitDefault), rangeLimitMax)
  const entries: (readonly [string, Buffer])[] = []
  let place = await firstPlace(backend, store, request)
  for (let step = 0; step < stepsMax && place !== null && entries.length === 0; step += 1) {
    const page = await backend.page(task, { store: store.store, count, ...place })
    for (const entry of page.entries) {
      if (isWanted(keyOf(store, entry[0]), request)) entries.push(entry)
    }
    place =
      page.cursor === '0'
        ? await nextSegment(backend, store, request, place.segment)
        : { segment: place.segment, cursor: page.cursor }
  }
  return { entries, cursor: place === null ? null : encode(place) }
}

interface Place {
  readonly segment: number | null
  readonly cursor: string
}

async function firstPlace(
  backend: Pick<StateBackend, 'segments'>,
  store: QueryableStore,
  request: RangeRequest
): Promise<Place | null> {
  if (request.cursor !== undefined) return decode(request.cursor, store.definition.isWindow)
  if (!store.definition.isWindow) return { segment: null, cursor: '0' }
  return nextSegment(backend, store, request, Number.NEGATIVE_INFINITY)
}

async function nextSegment(
  backend: Pick<StateBackend, 'segments'>,
  store: QueryableStore,
  request: RangeRequest,
  after: number | null
): Promise<Place | null> {
  if (after === null) return null
  const { fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY } = request
  const starts = await backend.segments(taskName(store, request.partition), store.store)
  const segment = starts.find((start) => start > after && start >= fromMs && start <= toMs)
  return segment === undefined ? null : { segment, cursor: '0' }
}

function keyOf(store: QueryableStore, key: string): string {
  return store.definition.isWindow ? keyInSegment(key) : key
}

function isWanted(key: string, { from, to, prefix }: RangeRequest): boolean {
  if (from !== undefined && key < from) return false
  if (to !== undefined && key >= to) return false
  return prefix === undefined || key.startsWith(prefix)
}

/** Opaque: the backend's cursors are its own affair. */
function encode({ segment, cursor }: Place): string {
  return Buffer.from(JSON.stringify([segment, cursor])).toString('base64url')
}

function decode(text: string, isWindow: boolean): Place {
  const place = parse(text)
  if (place === null || (place.segment !== null) !== isWindow) {
    throw new RangeError(`expected a cursor of an earlier page, got "${text.slice(0, 50)}"`)
  }
  return place
}

function parse(text: string): Place | null {
  try {
    const [segment, cursor] = JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[]
    if (typeof cursor !== 'string' || cursor === '') return null
    return segment === null || Number.isSafeInteger(segment)
      ? { segment: segment as number | null, cursor }
      : null
  } catch {
    // Not one of ours.
    return null
  }
}
