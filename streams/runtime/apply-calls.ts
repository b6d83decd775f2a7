/**
 * @module Turns the changes of a task into calls of the apply script. Redis serves nobody else while
 * a script runs, so many changes take several calls; only the last one moves the positions.
 */
import { ArgumentPacker, type ScriptArgument } from '../../core/redis/index.ts'
import {
  segmentedField,
  segmentField,
  storeGeoKey,
  storeHashKey,
  storeSegmentKey
} from './redis-keys.ts'
import type { StoreChange, TaskName } from './state-backend.ts'

export interface ApplyCall {
  readonly keys: readonly string[]
  /** The arguments, given the token that the first call answered; '' for the first one itself. */
  args(token: string): readonly ScriptArgument[]
}

/** Fields of one call: 5,000 of 60 bytes keep Redis busy for about 7 ms. */
const callFieldsMax = 5_000
/** Fields of one command; each is up to three arguments of the 3,000 the script allows. */
const commandFieldsMax = 1_000
/** Bytes of one command, so that a call of large values stays short as well. */
const commandBytesMax = 256 * 1024
/** Bytes of one call. */
const callBytesMax = 1024 * 1024

type CommandName = 'HSET' | 'HDEL' | 'GEOADD' | 'ZREM' | 'UNLINK'

interface Command {
  readonly store: number
  readonly name: CommandName
  readonly key: string
  readonly packed: Buffer
  readonly fields: number
}

/** The calls that apply the changes, to be made in order, each after the former has succeeded. */
export function* applyCalls(
  task: TaskName,
  changes: readonly StoreChange[],
  nowMs: number
): Generator<ApplyCall> {
  let commands: Command[] = []
  let fields = 0
  let bytes = 0
  for (const command of commandsOf(task, changes)) {
    const isFull =
      fields + command.fields > callFieldsMax || bytes + command.packed.length > callBytesMax
    if (isFull && commands.length > 0) {
      yield call(task, changes, commands, { nowMs, isLast: false })
      commands = []
      fields = 0
      bytes = 0
    }
    commands.push(command)
    fields += command.fields
    bytes += command.packed.length
  }
  yield call(task, changes, commands, { nowMs, isLast: true })
}

function call(
  task: TaskName,
  changes: readonly StoreChange[],
  commands: readonly Command[],
  { nowMs, isLast }: { nowMs: number; isLast: boolean }
): ApplyCall {
  const numbers = new Map<string, number>()
  const numberOf = (key: string): number => {
    const known = numbers.get(key)
    if (known !== undefined) return known
    numbers.set(key, numbers.size + 1)
    return numbers.size
  }
  const args: ScriptArgument[] = []
  for (const { store, from, to } of changes) {
    numberOf(storeHashKey(task, store))
    args.push(String(from), String(to))
  }
  for (const { store, name, key, packed } of commands) {
    args.push(store, name, numberOf(key), packed)
  }
  return {
    keys: [...numbers.keys()],
    args: (token) => [nowMs, isLast ? 1 : 0, token, changes.length, ...args]
  }
}

function* commandsOf(task: TaskName, changes: readonly StoreChange[]): Generator<Command> {
  const packer = new ArgumentPacker()
  for (let i = 0; i < changes.length; i += 1) {
    const change = changes[i] as StoreChange
    const packing = { packer, store: i + 1 }
    if (change.segmented) yield* segmentCommands(packing, task, change)
    else yield* entryCommands(packing, storeHashKey(task, change.store), change)
    yield* geoCommands(packing, storeGeoKey(task, change.store), change)
    yield* dropCommands(packing, task, change)
  }
}

interface Packing {
  readonly packer: ArgumentPacker
  readonly store: number
}

interface Entries {
  readonly puts: readonly (readonly [field: string, value: Buffer])[]
  readonly deletes: readonly string[]
}

function* entryCommands(packing: Packing, key: string, entries: Entries): Generator<Command> {
  const { packer } = packing
  yield* packed(packing, { name: 'HSET', key }, entries.puts, (put) => {
    packer.string(put[0])
    packer.buffer(put[1])
  })
  yield* packed(packing, { name: 'HDEL', key }, entries.deletes, (field) => packer.string(field))
}

function* segmentCommands(
  packing: Packing,
  task: TaskName,
  change: StoreChange
): Generator<Command> {
  const segments = bySegment(change)
  const main = storeHashKey(task, change.store)
  const marks = [segmentedField]
  for (const [startMs, { puts }] of segments) {
    if (puts.length > 0) marks.push(segmentField(Number(startMs)))
  }
  // The index first: a segment with entries that it does not name would never be dropped.
  yield* packed(packing, { name: 'HSET', key: main }, marks, (field) => {
    packing.packer.string(field)
    packing.packer.string('')
  })
  for (const [startMs, entries] of segments) {
    yield* entryCommands(packing, storeSegmentKey(task, change.store, Number(startMs)), entries)
  }
}

/** The entries by the text of their segment's start, their keys without it. */
function bySegment(
  change: StoreChange
): Map<string, { puts: [string, Buffer][]; deletes: string[] }> {
  const segments = new Map<string, { puts: [string, Buffer][]; deletes: string[] }>()
  const of = (startMs: string): { puts: [string, Buffer][]; deletes: string[] } => {
    const known = segments.get(startMs)
    if (known) return known
    const made = { puts: [], deletes: [] }
    segments.set(startMs, made)
    return made
  }
  for (const [key, value] of change.puts) {
    const bar = key.indexOf('|')
    of(key.slice(0, bar)).puts.push([key.slice(bar + 1), value])
  }
  for (const key of change.deletes) {
    const bar = key.indexOf('|')
    of(key.slice(0, bar)).deletes.push(key.slice(bar + 1))
  }
  return segments
}

function* geoCommands(packing: Packing, key: string, change: StoreChange): Generator<Command> {
  const { packer } = packing
  yield* packed(packing, { name: 'GEOADD', key }, change.geoPuts, (place) => {
    packer.number(place.lon)
    packer.number(place.lat)
    packer.string(place.key)
  })
  yield* packed(packing, { name: 'ZREM', key }, change.geoDeletes, (member) =>
    packer.string(member)
  )
}

function* dropCommands(packing: Packing, task: TaskName, change: StoreChange): Generator<Command> {
  const { packer, store } = packing
  for (const startMs of change.drops) {
    const key = storeSegmentKey(task, change.store, startMs)
    yield { store, name: 'UNLINK', key, packed: packer.take(), fields: 1 }
  }
  const key = storeHashKey(task, change.store)
  yield* packed(packing, { name: 'HDEL', key }, change.drops, (startMs) =>
    packer.string(segmentField(startMs))
  )
}

/** As many commands as the items take. */
function* packed<T>(
  { packer, store }: Packing,
  { name, key }: { name: CommandName; key: string },
  items: readonly T[],
  pack: (item: T) => void
): Generator<Command> {
  let fields = 0
  for (const item of items) {
    pack(item)
    fields += 1
    if (fields < commandFieldsMax && packer.size < commandBytesMax) continue
    yield { store, name, key, packed: packer.take(), fields }
    fields = 0
  }
  if (fields > 0) yield { store, name, key, packed: packer.take(), fields }
}
