/**
 * The demo: a system of its own, a fleet, a load of recorded requests, perhaps a fault; then quiet,
 * and a report that compares what riders were told with what API, database and topics say.
 *
 * @module
 */
import { createRegistryClient, loadCodec } from '../../avro/index.ts'
import { type Clock, readSharedConfig, silentLogger } from '../../core/index.ts'
import type { Simulation } from '../../simulator/index.ts'
import { Closers } from './closers.ts'
import { endsOf, type Offsets } from './committed-log.ts'
import { type DemoSettings, demoLimits } from './config.ts'
import { createSimulation } from './demo-simulation.ts'
import { failedEquations, isFullRun } from './equations.ts'
import { EventTail } from './event-tail.ts'
import { type Fault, injectFaults } from './fault.ts'
import { faultFigures } from './fault-figures.ts'
import { gatherEvidence } from './gather.ts'
import { chosenPace, type Pace } from './pace.ts'
import { describeStatus, Progress, type ProgressStream } from './progress.ts'
import { createReport } from './report.ts'
import { openStage, type Stage } from './stage.ts'

/** What a run ends with. */
export type DemoResult = {
  /** The line to print. */
  readonly figures: Readonly<Record<string, unknown>>
  /** Sentences that do not hold. */
  readonly failed: readonly string[]
}

/** What a run needs. */
export type DemoOptions = {
  readonly settings: DemoSettings
  readonly clock: Clock
  readonly stream: ProgressStream
  readonly signal: AbortSignal
}

type Load = {
  readonly faults: readonly Fault[]
  readonly startedAtMs: number
  readonly endedAtMs: number
  readonly ingressRps: number
}

/** Broken promises of push that are told one by one. */
const anomaliesShown = 10

/** Topics whose records of this run are checked. */
const checkedTopics = ['ride_events', 'bills', 'notification_events', 'action_results'] as const

/** Runs the demo and stops everything it started, whatever happens. */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { clock, settings, stream, signal } = options
  const progress = new Progress({ clock, stream })
  const closers = new Closers(progress.tell)
  const startedMs = clock.monotonic()
  try {
    const stage = await openStage({
      timeScale: settings.DEMO_TIME_SCALE,
      tell: progress.tell,
      closers,
      signal
    })
    return await runOn(stage, { ...options, progress, closers, startedMs })
  } finally {
    progress.stopLive()
    await closers.closeAll()
  }
}

type Run = DemoOptions & { progress: Progress; closers: Closers; startedMs: number }

async function runOn(stage: Stage, run: Run): Promise<DemoResult> {
  const { clock, settings, progress, closers, signal, startedMs } = run
  const shared = readSharedConfig(stage.environment, { secrets: ['jwtSecret'] })
  const registry = createRegistryClient({
    url: shared.schemaRegistryUrl,
    timeoutMs: 10_000,
    logger: silentLogger
  })
  const codec = await loadCodec({ registry })
  const from = await offsetsNow(stage)
  const tail = new EventTail({
    kafka: stage.kafka,
    codec,
    clock,
    from: offsetsOf(from, 'ride_events')
  })
  await tail.start()
  const simulation = createSimulation(stage, { settings, clock, shared })
  closers.add('the simulation', () => simulation.stop())
  const onAbort = (): void => void simulation.stop()
  signal.addEventListener('abort', onAbort, { once: true })

  const pace = chosenPace(settings, await gather(simulation, run))
  const load = await runLoad(stage, simulation, { ...run, pace })
  await settle(simulation, run)
  progress.tell('checking: API, database and committed topics')
  const evidence = await gatherEvidence({ stage, simulation, tail, codec, from, clock, signal })
  const report = createReport(evidence)
  const faults = await faultFigures({
    stage,
    evidence,
    faults: load.faults,
    untilMs: load.endedAtMs
  })
  const { DEMO_KILL: killed, DEMO_FLUSH: isFlushing } = settings
  for (const anomaly of evidence.push.anomalies.slice(0, anomaliesShown)) progress.tell(anomaly)
  const failed = failedEquations(report, faults, {
    isKilling: killed !== null,
    isFlushing,
    requests: pace.seconds * pace.rate,
    slowness: pace.slowness
  })
  const figures = {
    demo: killed === null ? (isFlushing ? 'flush' : 'plain') : `kill ${killed}`,
    ...report,
    ingressRps: load.ingressRps,
    timeScale: settings.DEMO_TIME_SCALE,
    ...faults,
    drivers: settings.DEMO_DRIVERS,
    requestsPerSecond: pace.rate,
    loadSeconds: pace.seconds,
    slowness: pace.slowness,
    isFullRun: isFullRun(pace.seconds * pace.rate),
    seed: settings.DEMO_SEED,
    tripsLeftOut: simulation.status().tripsLeftOut,
    restarts: stage.supervisor.restarts(),
    simulatorFaults: simulation.figures.of('faults'),
    people: simulation.figures.all(),
    seconds: Math.round((clock.monotonic() - startedMs) / 1_000),
    failed
  }
  return { figures, failed }
}

/** Everybody is signed up, listens and is on duty; how many signed up a second. */
async function gather(simulation: Simulation, run: Run): Promise<number> {
  const { settings, progress, signal, clock } = run
  const { DEMO_DRIVERS: drivers, DEMO_CUSTOMERS: customers } = settings
  progress.tell(`signing up ${drivers} drivers and ${customers} customers`)
  progress.showLive(() => `signing up: ${simulation.status().signedUp} of ${drivers + customers}`)
  const startedMs = clock.monotonic()
  await simulation.signUpAll()
  const perSecond = ((drivers + customers) * 1_000) / (clock.monotonic() - startedMs)
  progress.showLive(() => `connecting: ${simulation.listening} of ${drivers + customers}`)
  const listening = await simulation.listen(demoLimits.listenMs)
  progress.tell(`${listening} phones listen to push`)
  progress.showLive(() => `going online: ${simulation.status().online} of ${drivers}`)
  await simulation.goOnline()
  progress.stopLive()
  signal.throwIfAborted()
  progress.tell(`${drivers} drivers are online; ${Math.round(perSecond)} people signed up a second`)
  return perSecond
}

async function runLoad(
  stage: Stage,
  simulation: Simulation,
  run: Run & { readonly pace: Pace }
): Promise<Load> {
  const { clock, settings, progress, signal, pace } = run
  const { rate, seconds } = pace
  progress.tell(
    `load: ${rate} requests/s for ${seconds} s at time scale ${settings.DEMO_TIME_SCALE}`
  )
  showLive('load', simulation, run)
  const startedAtMs = clock.now()
  const answeredBefore = simulation.status().api.answered
  const loadEnd = new AbortController()
  const faulting = injectFaults({
    settings,
    loadMs: seconds * 1_000,
    stage,
    simulation,
    clock,
    tell: progress.tell,
    signal: AbortSignal.any([signal, loadEnd.signal])
  })
  try {
    await simulation.runLoad(pace)
  } finally {
    loadEnd.abort()
  }
  const endedAtMs = clock.now()
  const answers = simulation.status().api.answered - answeredBefore
  const ingressRps = Math.round((answers * 1_000) / (endedAtMs - startedAtMs))
  return { faults: await faulting, startedAtMs, endedAtMs, ingressRps }
}

async function settle(simulation: Simulation, run: Run): Promise<void> {
  run.progress.tell('load is over: waiting until every ride has ended')
  showLive('settling', simulation, run)
  const open = await simulation.settle(demoLimits.settleMs)
  run.progress.stopLive()
  if (open > 0) run.progress.tell(`${open} rides have not ended in time`)
}

function showLive(phase: string, simulation: Simulation, { progress, clock }: Run): void {
  let before = { atMs: clock.monotonic(), answered: simulation.status().api.answered }
  progress.showLive(() => {
    const status = simulation.status()
    const now = { atMs: clock.monotonic(), answered: status.api.answered }
    const requestsPerSecond =
      ((now.answered - before.answered) * 1_000) / Math.max(1, now.atMs - before.atMs)
    before = now
    const completed = simulation.ledger.countEnded('completed')
    return describeStatus(phase, status, { completed, requestsPerSecond })
  })
}

async function offsetsNow(stage: Stage): Promise<ReadonlyMap<string, Offsets>> {
  const admin = await stage.kafka.admin()
  const offsets = new Map<string, Offsets>()
  for (const topic of checkedTopics) offsets.set(topic, await endsOf(admin, topic))
  await admin.close()
  return offsets
}

/** Where a topic stood at the start. */
function offsetsOf(from: ReadonlyMap<string, Offsets>, topic: string): Offsets {
  const offsets = from.get(topic)
  if (offsets === undefined) throw new Error(`expected the offsets of ${topic}, got none`)
  return offsets
}
