/**
 * @module Reading keys and position of stores in one pipeline. The position of a window store is read
 * after its segments, that of another store in the same command as its entries: a loss or another
 * owner's write before the data was read shows in the position.
 */
import type { HashFields } from '../../core/redis/index.ts'
import { positionField, storeHashKey, storeSegmentKey } from './redis-keys.ts'
import type { StoreRead, StoreReadResult, TaskName } from './state-backend.ts'
import { keyInSegment, segmentStart } from './store-definition.ts'

type Values = readonly (Buffer | null)[]

/** Reads turned into HMGETs, and what turns their answers into results. */
export interface ReadPlan {
  readonly requests: readonly HashFields[]
  readonly collect: (answers: readonly Values[]) => StoreReadResult[]
}

/** Keys read in one HMGET. */
const readKeysMax = 4_000

export function planReads(task: TaskName, reads: readonly StoreRead[]): ReadPlan {
  const requests: HashFields[] = []
  const collectors = reads.map((read) =>
    read.segmented ? planSegments(task, read, requests) : planEntries(task, read, requests)
  )
  return { requests, collect: (answers) => collectors.map((collect) => collect(answers)) }
}

type Collector = (answers: readonly Values[]) => StoreReadResult

function planEntries(task: TaskName, read: StoreRead, requests: HashFields[]): Collector {
  const key = storeHashKey(task, read.store)
  const first = requests.length
  for (let i = 0; i === 0 || i < read.keys.length; i += readKeysMax) {
    requests.push({ key, fields: [positionField, ...read.keys.slice(i, i + readKeysMax)] })
  }
  const end = requests.length
  return (answers) => {
    const values: (Buffer | null)[] = []
    const positions = new Set<string>()
    for (const [position, ...rest] of answers.slice(first, end)) {
      positions.add(position?.toString() ?? '0')
      for (const value of rest) values.push(value)
    }
    // Two positions in one read: another owner writes. -1 is nobody's position, so the caller restores.
    const position = positions.size === 1 ? BigInt([...positions][0] ?? '0') : -1n
    return { position, values }
  }
}

function planSegments(task: TaskName, read: StoreRead, requests: HashFields[]): Collector {
  const first = requests.length
  const wanted: (readonly number[])[] = []
  for (const [startMs, places] of placesBySegment(read.keys)) {
    const key = storeSegmentKey(task, read.store, startMs)
    for (let i = 0; i < places.length; i += readKeysMax) {
      const slice = places.slice(i, i + readKeysMax)
      requests.push({ key, fields: slice.map((place) => keyInSegment(read.keys[place] ?? '')) })
      wanted.push(slice)
    }
  }
  requests.push({ key: storeHashKey(task, read.store), fields: [positionField] })
  return (answers) => {
    const values = new Array<Buffer | null>(read.keys.length).fill(null)
    wanted.forEach((places, i) => {
      const answer = answers[first + i] ?? []
      places.forEach((place, at) => {
        values[place] = answer[at] ?? null
      })
    })
    const position = answers[first + wanted.length]?.[0]
    return { position: BigInt(position?.toString() ?? '0'), values }
  }
}

/** Where in `keys` the keys of each segment stand. */
function placesBySegment(keys: readonly string[]): Map<number, number[]> {
  const bySegment = new Map<number, number[]>()
  keys.forEach((key, place) => {
    const startMs = segmentStart(key)
    const places = bySegment.get(startMs)
    if (places) places.push(place)
    else bySegment.set(startMs, [place])
  })
  return bySegment
}
