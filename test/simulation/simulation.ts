/**
 * @module One simulation: a seed draws what people do and what goes wrong; the ledger checks every
 * committed record; then the mischief ends, people cooperate, and all must come to rest as promised.
 *
 * The same seed gives the same run, so a run that breaks a promise is run again with a trace.
 */
import type { DrainedRecord } from '../support/index.ts'
import { createChaos } from './chaos.ts'
import { createDice } from './dice.ts'
import { createLedger, type Ledger, type Violation } from './ledger.ts'
import { observe } from './observer.ts'
import { checkRest, isAtRest } from './rest-rules.ts'
import { createUsers, restMsMax, type Users } from './users.ts'
import { createWorld, policy, type SimulationFaults, type World, warmUp } from './world.ts'

/** Moves of people and chaos before the quiet. */
const movesEach = 500
const quietStepMs = 1_000
const linesMax = 40

export interface SimulationResult {
  readonly seed: number
  readonly violations: readonly Violation[]
  /** What happened around the first violation, when traced. */
  readonly lines: readonly string[]
  readonly stats: SimulationStats
}

/** What a run consisted of, to see that it was worth running. */
export interface SimulationStats {
  readonly rides: number
  readonly completed: number
  readonly cancelled: number
  readonly unserved: number
  readonly offersRefused: number
  readonly reallocated: number
  readonly lost: number
  readonly records: number
  /** Kinds of ride events that were committed. */
  readonly events: readonly string[]
}

interface Run {
  readonly world: World
  readonly ledger: Ledger
  readonly users: Users
  readonly trace: Trace
}

interface Trace {
  say(line: () => string): void
  readonly lines: string[]
}

/** Runs one seed. */
export async function simulate(
  seed: number,
  options: { readonly faults?: SimulationFaults; readonly isTraced?: boolean } = {}
): Promise<SimulationResult> {
  const dice = createDice(seed)
  const world = createWorld(seed, options.faults ?? {})
  const ledger = createLedger()
  const users = createUsers(world, dice, ledger)
  const chaos = createChaos(world, dice)
  const trace = createTrace(options.isTraced === true)
  const run: Run = { world, ledger, users, trace }
  const events = new Set<string>()
  let records = 0
  const follow = (): void => {
    for (const record of world.driver.drain()) {
      records += 1
      if (record.topic === 'ride_events' && record.value) events.add(record.value.type)
      trace.say(() => lineOf(world, record))
      observe(ledger, record)
      chaos.remember(record)
    }
  }
  await warmUp(world)
  users.begin()
  for (let move = 0; move < movesEach && ledger.violations.length === 0; move += 1) {
    const kind = dice.weighted([
      ['chaos', 70],
      ['people', 16],
      ['time', 16]
    ])
    if (kind === 'people') users.act()
    else {
      const what = kind === 'time' ? await chaos.passTime() : await chaos.move()
      trace.say(() => `-- ${what}`)
      follow()
      users.keepUp()
    }
  }
  if (ledger.violations.length === 0) {
    await comeToRest(run, follow)
    await checkRest({ ...run, lost: chaos.lost })
  }
  return {
    seed,
    violations: ledger.violations,
    lines: linesAbout(trace.lines, ledger.violations[0]),
    stats: statsOf(ledger, { lost: chaos.lost, records, events: [...events] })
  }
}

/** The text of a failed run: the seed, what broke, and what led there. */
export function reportOf({ seed, violations, lines }: SimulationResult): string {
  const broken = violations.slice(0, 3).map(({ rule, what }) => `  ${rule}: ${what}`)
  const again = `run again: SIM_SEED=${seed} SIM_SEEDS=1 npx vitest run test/simulation`
  return [`seed ${seed} breaks a promise`, ...broken, again, ...lines].join('\n')
}

async function comeToRest(run: Run, follow: () => void): Promise<void> {
  const { world, users } = run
  run.trace.say(() => '-- the quiet begins')
  const endMs = world.now() + restMsMax
  const settle = async (): Promise<boolean> => {
    await world.driver.run()
    follow()
    return isAtRest(run)
  }
  while (world.now() < endMs) {
    if (await settle()) {
      // A record sent twice at the last moment may still have parked an action.
      await world.driver.setWall(world.now() + policy.parkedMs + 1)
      if (await settle()) return
    }
    await world.driver.setWall(world.now() + quietStepMs)
    users.keepUp()
    users.cooperate()
  }
}

function statsOf(
  ledger: Ledger,
  counted: Pick<SimulationStats, 'lost' | 'records' | 'events'>
): SimulationStats {
  const rides = [...ledger.rides.values()].map(({ ride }) => ride)
  const withStatus = (status: string): number =>
    rides.filter((ride) => ride.status === status).length
  const sum = (of: (ride: (typeof rides)[number]) => number): number =>
    rides.reduce((total, ride) => total + of(ride), 0)
  return {
    rides: rides.length,
    completed: withStatus('COMPLETED'),
    cancelled: withStatus('CANCELLED'),
    unserved: withStatus('NO_DRIVERS_AVAILABLE'),
    offersRefused: sum((ride) => ride.offersDeclined + ride.offersExpired),
    reallocated: sum((ride) => ride.reallocations),
    ...counted
  }
}

function createTrace(isOn: boolean): Trace {
  const lines: string[] = []
  return { lines, say: (line) => (isOn ? void lines.push(line()) : undefined) }
}

function lineOf(world: World, record: DrainedRecord): string {
  const at = `+${world.now()}`.slice(-8)
  return `${at} ${record.topic} ${record.key} ${JSON.stringify(record.value)}`.slice(0, 700)
}

/** The last lines that name what the violation is about. */
function linesAbout(lines: readonly string[], violation: Violation | undefined): string[] {
  if (violation === undefined) return []
  const about = lines.filter((line) => violation.about.some((id) => line.includes(id)))
  return about.slice(-linesMax)
}
