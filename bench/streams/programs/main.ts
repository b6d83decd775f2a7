/**
 * @module A program on our engine as a child of the bench: one Node process. Reads `start APPLICATION
 * OUTPUT_TOPIC`, `stop`, `unwatch`, `metric NAME` and `exit`, a line each; says `ready`, `started
 * GROUP`, `first-record EPOCH_MS`, `counts ASSIGNED RUNNING EPOCH_MS`, `stopped`, `unwatched`, `metric
 * VALUE` and `failed MESSAGE`.
 */
import { createInterface } from 'node:readline'
import { createLocalCodec } from '../../../avro/index.ts'
import { createLogger, createMetrics, systemClock, type TimerHandle } from '../../../core/index.ts'
import { createKafka } from '../../../core/kafka/index.ts'
import { createRedis } from '../../../core/redis/index.ts'
import {
  createRuntimeMetrics,
  createStreams,
  ensureInternalTopics,
  type Streams,
  type TaskSettings,
  type TopicSpec
} from '../../../streams/runtime/index.ts'
import { hop } from './hop.ts'
import { join } from './join.ts'
import { firstRecordFormat, type Program, type ProgramSettings } from './program.ts'
import { sessionWindow } from './session-window.ts'
import { table } from './table.ts'
import { windowedCount } from './windowed-count.ts'

/**
 * For programs measured by throughput. Over a full backlog 20,000 records and more come with each
 * commit interval, over as many tasks as there are partitions: a transaction has to hold its share
 * of them, and the next one's be fetched meanwhile. The others keep the defaults.
 */
const backlogSettings: Partial<TaskSettings> = {
  recordsPerCommitMax: 20_000,
  bufferedRecordsMax: 40_000,
  bufferedBytesMax: 16 << 20
}

const programs: Readonly<
  Record<string, { readonly make: Program; readonly task?: Partial<TaskSettings> }>
> = {
  'windowed-count': { make: windowedCount, task: backlogSettings },
  'session-window': { make: sessionWindow, task: backlogSettings },
  join: { make: join, task: backlogSettings },
  hop: { make: hop },
  table: { make: table }
}

/** How often the counts of tasks are looked at, ms: the resolution of a takeover. */
const watchEveryMs = 5

const argumentByName = new Map(
  process.argv.slice(2).map((argument): [string, string] => {
    const at = argument.indexOf('=')
    return [argument.slice(0, at), argument.slice(at + 1)]
  })
)
const clock = systemClock
const logger = createLogger({ name: 'bench-program', level: 'warn', destination: process.stderr })
const metrics = createMetrics()
const runtimeMetrics = createRuntimeMetrics(metrics)
const clientId = `bench-${process.pid}`
const kafka = createKafka({ brokers: text('brokers').split(','), clientId, logger, clock })
const redis = createRedis({ url: text('redis'), logger, name: clientId, clock })

let running: Streams | null = null
let watching: TimerHandle | null = null

say('ready')
try {
  for await (const line of createInterface({ input: process.stdin })) {
    const [verb = '', ...words] = line.split(' ')
    if (verb === 'exit') break
    await obey(verb, words)
  }
  await stop()
  await Promise.all([kafka.close(), redis.close()])
  // An open pipe would keep the process.
  process.stdin.destroy()
} catch (error) {
  fail(error)
  process.exit(1)
}

async function obey(verb: string, words: readonly string[]): Promise<void> {
  switch (verb) {
    case 'start':
      return await start(words[0] ?? '', words[1] ?? '')
    case 'stop':
      await stop()
      return say('stopped')
    case 'unwatch':
      watching?.cancel()
      return say('unwatched')
    case 'metric':
      return say('metric', await metricSum(words[0] ?? ''))
    default:
      throw new Error(`unknown command ${verb}`)
  }
}

async function start(app: string, output: string): Promise<void> {
  const program = programs[text('program')]
  if (program === undefined) throw new Error(`unknown program ${text('program')}`)
  const topologies = program.make({
    app,
    output,
    inputs: inputTopics(),
    partitions: Number(text('partitions')),
    windowMs: Number(text('window-ms')),
    graceMs: Number(text('grace-ms')),
    commitMs: Number(text('commit-ms'))
  })
  const admin = await kafka.admin()
  await ensureInternalTopics(admin, topologies, 1)
  await admin.close()
  const streams = createStreams({
    topologies,
    kafka,
    redis,
    codec: createLocalCodec(),
    clock,
    logger,
    metrics: runtimeMetrics,
    task: program.task ?? {},
    onFatal: fail
  })
  running = streams
  watch(streams)
  await streams.start()
  say('started', topologies[0]?.group ?? '')
}

function inputTopics(): ProgramSettings['inputs'] {
  const format = firstRecordFormat(() => say('first-record', clock.now()))
  const partitions = Number(text('partitions'))
  const [first = '', ...more] = text('input').split(',')
  const topic = (name: string): TopicSpec<Buffer> => ({ name, partitions, format })
  return [topic(first), ...more.map(topic)]
}

async function stop(): Promise<void> {
  watching?.cancel()
  await running?.stop()
  running = null
}

/** Tells each change of the counts. */
function watch(streams: Streams): void {
  let told = ''
  const look = (): void => {
    const { assigned, running: run } = streams.counts
    const counts = `${assigned} ${run}`
    if (counts !== told) say('counts', assigned, run, clock.now())
    told = counts
    watching = clock.setTimer(look, watchEveryMs)
  }
  look()
}

/** Sum of the samples of one counter. */
async function metricSum(name: string): Promise<number> {
  const samples = (await metrics.render()).split('\n').flatMap((line) => {
    const match = /^([a-z0-9_]+)(?:\{.*\})? (\S+)/.exec(line)
    return match?.[1] === name ? [Number(match[2])] : []
  })
  return samples.reduce((sum, sample) => sum + sample, 0)
}

function text(name: string): string {
  const value = argumentByName.get(name)
  if (value === undefined) throw new Error(`expected an argument ${name}=...`)
  return value
}

function fail(error: unknown): void {
  say('failed', String(error instanceof Error ? error.stack : error).replaceAll('\n', ' '))
}

function say(...words: readonly (string | number)[]): void {
  process.stdout.write(`${words.join(' ')}\n`)
}
