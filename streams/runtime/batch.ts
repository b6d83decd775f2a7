/**
 * @module One batch of a task: decode, read ahead, make the calls out, then handle records and due
 * timers in task-time order. Nothing here touches Kafka; the commit follows.
 */
import { type TopicName, topics } from '../../avro/index.ts'
import { isHailError, SkipToDlqError } from '../../core/index.ts'
import type { KafkaRecord } from '../../core/kafka/index.ts'
import { learning } from './learning.ts'
import { readAhead } from './read-ahead.ts'
import { type RunningTask, surprise } from './running-task.ts'
import { timerId } from './timer-queue.ts'
import {
  type EffectInput,
  type InputRecord,
  type SubTopology,
  type Timer,
  timersStore
} from './topology.ts'

/** A fetched record with what decoding made of it. */
type Decoded =
  | { readonly kind: 'value'; readonly raw: KafkaRecord; readonly record: InputRecord }
  | { readonly kind: 'tombstone'; readonly raw: KafkaRecord; readonly key: string }
  | { readonly kind: 'bad'; readonly raw: KafkaRecord; readonly error: SkipToDlqError }

/**
 * @throws CorruptError HAIL_POSITION when the backend is not where this owner left it
 * @throws FatalError HAIL_DLQ_RATIO when most records are dead letters
 */
export async function runBatch(
  task: RunningTask,
  now: { wallMs: number; isPunctual: boolean }
): Promise<void> {
  const { deps, inputs, context } = task
  const { topology, settings } = deps
  context.wallMs = now.wallMs
  const decoded: Decoded[] = []
  for (const raw of inputs.plan(settings.recordsPerCommitMax)) decoded.push(await decode(task, raw))
  const timers = topology.onTimer
    ? context.timers.dueBy(now.wallMs, settings.timersPerCommitMax)
    : []
  await readAll(task, decoded, timers)
  const effects = topology.effect ? await runEffects(task, decoded, timers, now.wallMs) : new Map()
  let fired = 0
  const fire = (): boolean => {
    for (;;) {
      const timer = context.timers.peek()
      if (timer === undefined) return true
      if (!task.time.isPast(timer.dueMs, inputs.frontier(), now.wallMs)) return true
      if (fired >= settings.timersPerCommitMax || !isReady(task, timer, effects)) return false
      fired += 1
      fireTimer(task, timer, effects.get(timerId(timer.key, timer.name)))
    }
  }
  for (const input of decoded) {
    task.time.beforeRecord(input.raw.timestampMs, inputs.frontier(), now.wallMs)
    if (topology.onTimer && !fire()) break
    handle(task, input, effects.get(effectId(input.raw)))
    inputs.consume(input.raw)
  }
  task.time.idle(inputs.frontier(), now.wallMs)
  if (topology.onTimer) fire()
  if (now.isPunctual && topology.punctuate) inContext(task, topology.punctuate.run)
  if (topology.beforeCommit) inContext(task, topology.beforeCommit)
}

function effectId(raw: KafkaRecord): string {
  return `${raw.topic}@${raw.offset}`
}

async function decode(task: RunningTask, raw: KafkaRecord): Promise<Decoded> {
  const topic = raw.topic as TopicName
  if (raw.key === null) return bad(raw, 'HAIL_RULE', 'expected a record key, got none')
  const key = raw.key.toString('utf8')
  if (raw.value === null) return { kind: 'tombstone', raw, key }
  try {
    const { codec } = task.deps
    const bytes = raw.value
    const value = await learning(codec, () => codec.decode(topics[topic].record, bytes))
    const record = {
      topic,
      key,
      value,
      timestampMs: raw.timestampMs,
      partition: raw.partition,
      offset: raw.offset,
      headers: raw.headers
    } as InputRecord
    return { kind: 'value', raw, record }
  } catch (error) {
    if (error instanceof SkipToDlqError) return { kind: 'bad', raw, error }
    throw error
  }
}

function bad(raw: KafkaRecord, code: 'HAIL_RULE', message: string): Decoded {
  return { kind: 'bad', raw, error: new SkipToDlqError(code, message) }
}

/** Keys an input needs: what `reads` names, else its own key in every remote store. */
async function readAll(
  task: RunningTask,
  decoded: readonly Decoded[],
  timers: readonly Timer[]
): Promise<void> {
  const { topology } = task.deps
  const remote = task.state.remoteNames
  const keys = new Map<string, Set<string>>(remote.map((store) => [store, new Set()]))
  const everywhere = (key: string): void => {
    for (const wanted of keys.values()) wanted.add(key)
  }
  for (const input of decoded) {
    if (input.kind === 'tombstone') everywhere(input.key)
    if (input.kind !== 'value') continue
    if (topology.reads === undefined) {
      everywhere(input.record.key)
      continue
    }
    for (const [store, named] of Object.entries(topology.reads(input.record))) {
      for (const key of named ?? []) keys.get(store)?.add(key)
    }
  }
  for (const timer of timers) everywhere(timer.key)
  const surprised = await readAhead(task, keys)
  if (surprised) throw surprise(task.name, surprised.store, surprised.expected, surprised.got)
}

function isReady(task: RunningTask, timer: Timer, effects: ReadonlyMap<string, unknown>): boolean {
  if (task.deps.topology.effect && !effects.has(timerId(timer.key, timer.name))) return false
  return task.state.remoteNames.every((store) => task.state.isLoaded(store, timer.key))
}

/** The calls out of a batch, concurrent up to the topology's bound, in order for each key. */
async function runEffects(
  task: RunningTask,
  decoded: readonly Decoded[],
  timers: readonly Timer[],
  wallMs: number
): Promise<Map<string, unknown>> {
  const { topology } = task.deps
  const results = new Map<string, unknown>()
  const chains = new Map<string, { id: string; input: EffectInput }[]>()
  const add = (key: string, id: string, input: EffectInput): void => {
    const chain = chains.get(key)
    if (chain) chain.push({ id, input })
    else chains.set(key, [{ id, input }])
  }
  for (const input of decoded) {
    if (input.kind !== 'value') continue
    add(input.record.key, effectId(input.raw), { kind: 'record', record: input.record })
  }
  const frontier = task.inputs.frontier()
  for (const timer of timers) {
    if (!task.time.isPast(timer.dueMs, frontier, wallMs)) continue
    add(timer.key, timerId(timer.key, timer.name), { kind: 'timer', timer })
  }
  const queue = [...chains.values()]
  const worker = async (): Promise<void> => {
    for (let chain = queue.shift(); chain !== undefined; chain = queue.shift()) {
      for (const { id, input } of chain) {
        results.set(
          id,
          await topology.effect?.(input, (store, key) => task.context.get(store, key))
        )
      }
    }
  }
  await Promise.all(Array.from({ length: topology.effectConcurrency ?? 16 }, worker))
  return results
}

function handle(task: RunningTask, input: Decoded, effect: unknown): void {
  const { context, deps, breaker } = task
  const { topology } = deps
  context.begin(input.raw, effect)
  try {
    if (input.kind === 'bad') throw input.error
    if (input.kind === 'tombstone') {
      if (!topology.onTombstone) {
        throw new SkipToDlqError(
          'HAIL_RULE',
          `expected a value in ${input.raw.topic}, got a tombstone`
        )
      }
      topology.onTombstone(context, input.raw.topic as TopicName, input.key)
    } else {
      const handler = topology.on[input.record.topic]
      handler(context, input.record as never)
    }
    context.keep()
    breaker.admit({ records: 1, dead: 0 })
  } catch (error) {
    if (isHailError(error) && error.reaction !== 'skip-to-dlq') throw error
    skip(task, error)
  }
}

/** Takes the handler's work back and dead-letters the input. */
function skip(task: RunningTask, error: unknown): void {
  const { context, deps, breaker } = task
  context.discard()
  const code = isHailError(error) ? error.code : 'HAIL_INTERNAL'
  const message = error instanceof Error ? error.message : String(error)
  if (!isHailError(error)) {
    deps.logger.error(
      { task: task.name, code, err: error },
      'a handler failed; its input is dead-lettered'
    )
  }
  context.deadLetter(code, message)
  context.keep()
  breaker.admit({ records: 1, dead: 1 })
}

function fireTimer(task: RunningTask, timer: Timer, effect: unknown): void {
  const { context, deps, state } = task
  const remove = (): void => state.put(timersStore, timerId(timer.key, timer.name), undefined)
  context.begin(null, effect)
  remove()
  try {
    ;(deps.topology as SubTopology).onTimer?.(context, timer)
    context.keep()
    task.breaker.admit({ records: 1, dead: 0 })
  } catch (error) {
    if (isHailError(error) && error.reaction !== 'skip-to-dlq') throw error
    context.discard()
    remove()
    deps.logger.error(
      { task: task.name, name: timer.name, err: error },
      'a timer failed; it is dropped'
    )
    context.deadLetter(
      'HAIL_INTERNAL',
      `timer ${timer.name} of ${timer.key}: ${(error as Error).message}`
    )
    context.keep()
    task.breaker.admit({ records: 1, dead: 1 })
  }
}

function inContext(task: RunningTask, run: (context: RunningTask['context']) => void): void {
  task.context.begin(null, undefined)
  run(task.context)
  task.context.keep()
}
