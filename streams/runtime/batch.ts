/**
 * @module One batch of a task: decode, read ahead, make the calls out, then handle records and due
 * timers in task-time order. Nothing here touches Kafka; the commit follows.
 */
import { isUtf8 } from 'node:buffer'
import { UnknownSchemaError } from '../../avro/index.ts'
import { isHailError, SkipToDlqError } from '../../core/index.ts'
import type { KafkaRecord } from '../../core/kafka/index.ts'
import { effectId, runEffects } from './calls-out.ts'
import { expire } from './expiry.ts'
import type { InputRecord, Timer } from './processor.ts'
import { ReadAhead } from './read-ahead.ts'
import type { RunningTask } from './running-task.ts'
import { timerId } from './timer-queue.ts'
import { type SubTopology, timersStore } from './topology.ts'

/** A fetched record with what decoding made of it; one object each, since there are many. */
export interface Decoded extends InputRecord {
  readonly raw: KafkaRecord
  readonly isTombstone: boolean
  /** Why it cannot be handled; its key and value mean nothing then. */
  error: SkipToDlqError | null
}

export interface BatchTime {
  readonly wallMs: number
  /** True when the topology's punctuation is due. */
  readonly isPunctual: boolean
}

/**
 * @throws CorruptError HAIL_POSITION when the backend is not where this owner left it
 * @throws FatalError HAIL_DLQ_RATIO when most records are dead letters
 */
export async function runBatch(
  task: RunningTask,
  { wallMs: beganMs, isPunctual }: BatchTime
): Promise<void> {
  const { deps, inputs, context, time, tally } = task
  const { topology, settings } = deps
  context.wallMs = beganMs
  time.idle(inputs.frontier(), beganMs)
  await expire(task)
  const planned = inputs.plan(settings.recordsPerCommitMax)
  // Records may have come meanwhile. By an earlier clock a timer due before one of them would not be
  // due yet, and would fire after it.
  const wallMs = deps.clock.now()
  context.wallMs = wallMs
  const decoded = await decodeAll(task, planned)
  const timers = topology.onTimer
    ? context.timers.soon(wallMs, latestMs(planned), settings.timersPerCommitMax)
    : []
  await readAll(task, decoded, timers)
  const effects = topology.effect ? await runEffects(task, { decoded, timers, wallMs }) : noEffects
  const firing = new Firing(task, effects, wallMs)
  for (const input of decoded) {
    const { timestampMs, topic } = input
    time.beforeRecord(timestampMs, inputs.frontierMs, wallMs)
    if (topology.onTimer && !firing.fire()) break
    handle(task, input, topology.effect ? effects.get(effectId(input.raw)) : undefined)
    inputs.consume(input.raw)
    tally.add(topic, { timestampMs, streamMs: time.streamMs, wallMs })
  }
  time.idle(inputs.frontier(), wallMs)
  if (topology.onTimer) firing.fire()
  if (isPunctual && topology.punctuate) inContext(task, topology.punctuate.run)
  if (topology.beforeCommit) inContext(task, topology.beforeCommit)
}

/** Highest timestamp of the batch: as far as stream time may come in it. */
function latestMs(planned: readonly KafkaRecord[]): number {
  let latest = Number.NEGATIVE_INFINITY
  for (const { timestampMs } of planned) if (timestampMs > latest) latest = timestampMs
  return latest
}

const noEffects: ReadonlyMap<string, unknown> = new Map()

/** Decodes a batch; a schema not known yet is learnt on the way. */
async function decodeAll(task: RunningTask, raws: readonly KafkaRecord[]): Promise<Decoded[]> {
  const decoded: Decoded[] = []
  while (decoded.length < raws.length) {
    try {
      for (let i = decoded.length; i < raws.length; i += 1) {
        decoded.push(decode(task, raws[i] as KafkaRecord))
      }
    } catch (error) {
      if (!(error instanceof UnknownSchemaError)) throw error
      await task.deps.codec.learn(error.schemaId)
    }
  }
  return decoded
}

function decode(task: RunningTask, raw: KafkaRecord): Decoded {
  const { topic, timestampMs, partition, offset, headers } = raw
  let key = ''
  let value: unknown = null
  let error: SkipToDlqError | null = null
  if (raw.key === null) error = new SkipToDlqError('HAIL_RULE', 'expected a record key, got none')
  else key = raw.key.toString('utf8')
  if (raw.key !== null && !isUsableKey(key, raw.key)) {
    error = new SkipToDlqError(
      'HAIL_DECODE',
      'expected a key of UTF-8 text that does not begin with NUL, got other bytes'
    )
  }
  if (raw.value !== null && error === null) {
    try {
      value = task.deps.topology.topic(topic).format.decode(raw.value, task.deps.codec)
    } catch (caught) {
      if (caught instanceof UnknownSchemaError) throw caught
      error = caught instanceof SkipToDlqError ? caught : undecodable(caught)
    }
  }
  const isTombstone = raw.value === null
  return { topic, key, value, timestampMs, partition, offset, headers, raw, isTombstone, error }
}

/**
 * Two keys that are no text would become the same text; the backend's own fields begin with NUL. Only
 * text with a replacement character needs a second look.
 */
function isUsableKey(key: string, bytes: Buffer): boolean {
  if (key.startsWith('\0')) return false
  return !key.includes('\ufffd') || isUtf8(bytes)
}

function undecodable(cause: unknown): SkipToDlqError {
  const message = cause instanceof Error ? cause.message : String(cause)
  return new SkipToDlqError('HAIL_DECODE', `expected a value of the format: ${message}`, { cause })
}

/** Reads the keys an input needs: what `reads` names, else its own key in every plain remote store. */
async function readAll(
  task: RunningTask,
  decoded: readonly Decoded[],
  timers: readonly Timer[]
): Promise<void> {
  const { topology } = task.deps
  const ahead = new ReadAhead(task)
  for (const input of decoded) {
    if (input.error !== null) continue
    if (topology.reads === undefined || input.isTombstone) ahead.everywhere(input.key)
    wantReads(ahead, topology, input)
  }
  for (const timer of timers) ahead.everywhere(timer.key)
  await ahead.read()
}

/** A record whose keys cannot be told is dead-lettered in its turn. */
function wantReads(
  ahead: ReadAhead,
  topology: Pick<SubTopology, 'reads' | 'tombstoneReads'>,
  input: Decoded
): void {
  try {
    const reads = input.isTombstone
      ? topology.tombstoneReads?.(input.topic, input.key)
      : topology.reads?.(input)
    for (const store in reads) {
      for (const key of reads[store] ?? []) ahead.want(store, key)
    }
  } catch (caught) {
    if (isHailError(caught) && caught.reaction !== 'skip-to-dlq') throw caught
    input.error = caught instanceof SkipToDlqError ? caught : undecodable(caught)
  }
}

function handle(task: RunningTask, input: Decoded, effect: unknown): void {
  const { context, deps, breaker } = task
  const { topology } = deps
  context.begin(input.raw, effect)
  try {
    if (input.error !== null) throw input.error
    if (!input.isTombstone) {
      topology.on[input.topic]?.(context, input)
    } else if (topology.onTombstone) {
      topology.onTombstone(context, input.topic, input.key, input.timestampMs)
    } else {
      throw new SkipToDlqError('HAIL_RULE', `expected a value in ${input.topic}, got a tombstone`)
    }
    if (deps.settings.checksEachInput) task.state.checkEncodable()
    context.keep()
    breaker.pass()
  } catch (error) {
    if (isHailError(error) && error.reaction !== 'skip-to-dlq') throw error
    skip(task, error)
  }
}

const oneDead = { records: 1, dead: 1 }

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
  breaker.admit(oneDead)
}

/** Fires the due timers of one batch, up to its bound. */
class Firing {
  readonly #task: RunningTask
  readonly #effects: ReadonlyMap<string, unknown>
  readonly #wallMs: number
  #fired = 0

  constructor(task: RunningTask, effects: ReadonlyMap<string, unknown>, wallMs: number) {
    this.#task = task
    this.#effects = effects
    this.#wallMs = wallMs
  }

  /** @returns false when timers are due that this batch cannot fire any more */
  fire(): boolean {
    const { context, inputs, deps } = this.#task
    for (;;) {
      const timer = context.timers.due({ wallMs: this.#wallMs, frontier: inputs.frontier() })
      if (timer === undefined) return true
      if (this.#fired >= deps.settings.timersPerCommitMax || !this.#isReady(timer)) return false
      this.#fired += 1
      fireTimer(this.#task, timer, this.#effects.get(timerId(timer.key, timer.name)))
    }
  }

  #isReady(timer: Timer): boolean {
    const { deps, state } = this.#task
    if (deps.topology.effect && !this.#effects.has(timerId(timer.key, timer.name))) return false
    return state.caches.every((cache) => cache.isSegmented || cache.isKnown(timer.key))
  }
}

function fireTimer(task: RunningTask, timer: Timer, effect: unknown): void {
  const { context, deps, state } = task
  const remove = (): void => state.put(timersStore, timerId(timer.key, timer.name), undefined)
  context.begin(null, effect)
  remove()
  try {
    deps.topology.onTimer?.(context, timer)
    context.keep()
    task.breaker.pass()
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
    task.breaker.admit(oneDead)
  }
}

function inContext(task: RunningTask, run: (context: RunningTask['context']) => void): void {
  const { context, deps } = task
  context.begin(null, undefined)
  try {
    run(context)
    context.keep()
  } catch (error) {
    if (isHailError(error) && error.reaction !== 'skip-to-dlq') throw error
    // What it worked on is dropped with a dead letter: again, it would fail again.
    context.discard()
    context.scratch.clear()
    deps.logger.error({ task: task.name, err: error }, 'a step of the batch failed; it is dropped')
    context.deadLetter('HAIL_INTERNAL', `${deps.topology.id}: ${(error as Error).message}`)
    context.keep()
    task.breaker.admit(oneDead)
  }
}
