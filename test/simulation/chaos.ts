/**
 * @module What goes wrong in the simulation: any order between topics, delays, records twice and
 * out of time, dead letters and their redrive, crashes, lost stores, a wiped matching.
 */
import type { TopicName, TopicRecords } from '../../avro/index.ts'
import { topics } from '../../avro/index.ts'
import type { DrainedRecord, PendingInput } from '../support/index.ts'
import type { Dice } from './dice.ts'
import type { World } from './world.ts'

/** Topics whose records a simulation loses; what else is lost, only an operator can bring back. */
const losable: ReadonlySet<TopicName> = new Set([
  'dispatch_requests',
  'available_drivers',
  'driver_offers',
  'offer_results',
  'driver_commands',
  'driver_actions',
  'rider_actions'
] as const)

/** Topics whose records come twice, as a redrive or a producer of an older version would send them. */
const repeatable: ReadonlySet<TopicName> = new Set([
  ...losable,
  'ride_requests',
  'trips_admissions',
  'trips_closed',
  'driver_sessions',
  'driver_states',
  'driver_location_updates',
  'user_events'
] as const)

/** Records kept for being sent again. */
const memoryMax = 300

const tasks = [
  'trips-intake',
  'trips-rides',
  'drivers-sessions',
  'locations-presence',
  'matching-markets'
].flatMap((name) => [`${name}-0`, `${name}-1`])

const stores = [
  ['trips', 'intake', 'intake'],
  ['trips', 'rides', 'rides'],
  ['trips', 'rides', 'timers'],
  ['drivers', 'sessions', 'drivers'],
  ['locations', 'presence', 'presence'],
  ['matching', 'markets', 'drivers']
] as const

interface Kept {
  readonly topic: TopicName
  readonly partition: number
  readonly key: string
  readonly value: TopicRecords[TopicName]
  readonly timestampMs: number
}

/** The services read topics of the catalogue only. */
type CataloguedInput = PendingInput & { readonly topic: TopicName }

export interface Chaos {
  /** Records dead-lettered so far. */
  readonly lost: number
  /** Remembers a committed record, to send it again some time. */
  remember(record: DrainedRecord): void
  /** Does one thing and says what. */
  move(): Promise<string>
  /** Time passes for everybody; some tasks notice. */
  passTime(): Promise<string>
}

/** The mischief of one simulation. */
export function createChaos(world: World, dice: Dice): Chaos {
  const { driver } = world
  const memory: Kept[] = []
  const lostRecords: Kept[] = []
  const stalled = new Map<string, number>()
  let moves = 0
  let lost = 0

  const pending = async (): Promise<CataloguedInput[]> =>
    (await driver.pending()).filter((input): input is CataloguedInput => {
      return (stalled.get(`${input.task}|${input.topic}`) ?? 0) <= moves
    })
  const deliver = async (): Promise<string> => {
    const input = dice.pick(await pending())
    if (input === undefined) return 'nothing to deliver'
    const count = 1 + dice.below(5)
    await driver.step(input.task, input.topic, { count })
    return `${input.task} reads ${count} of ${input.topic}`
  }
  const stall = async (): Promise<string> => {
    const input = dice.pick(await pending())
    if (input === undefined) return 'nothing to delay'
    stalled.set(`${input.task}|${input.topic}`, moves + 10 + dice.below(50))
    return `${input.task} is kept from ${input.topic}`
  }
  const lose = async (): Promise<string> => {
    const input = dice.pick((await pending()).filter(({ topic }) => losable.has(topic)))
    if (input === undefined || input.head.value === null) return 'nothing to lose'
    const { key, value, timestampMs, partition } = input.head
    const decoded = driver.codec.decode(topics[input.topic].record, value)
    lostRecords.push({
      topic: input.topic,
      partition,
      key: String(key),
      value: decoded as TopicRecords[TopicName],
      timestampMs
    })
    lost += 1
    await driver.step(input.task, input.topic, { as: 'dead-letter' })
    return `${input.task} dead-letters ${input.topic} ${JSON.stringify(decoded)}`
  }
  const sendAgain = (record: Kept | undefined, why: string): string => {
    if (record === undefined) return `nothing to ${why}`
    const { topic, key, ...rest } = record
    world.put(topic, key, rest)
    return `${why} ${topic} ${JSON.stringify(record.value)}`
  }
  const crash = async (): Promise<string> => {
    const task = dice.pick(tasks) ?? 'trips-rides-0'
    await driver.crash(task)
    return `${task} crashes`
  }
  const wipe = async (): Promise<string> => {
    const [app, sub, store] = dice.pick(stores) ?? stores[0]
    await driver.wipe(app, sub, store)
    return `store ${app}/${sub}/${store} is wiped`
  }
  const forget = async (): Promise<string> => {
    const store = dice.chance(0.5) ? 'riders' : 'drivers'
    await driver.forget('matching', 'markets', store)
    return `matching forgets its ${store}`
  }

  return {
    get lost() {
      return lost
    },
    remember(record) {
      if (record.value === null || !repeatable.has(record.topic)) return
      if (memory.length >= memoryMax) memory.shift()
      memory.push({ ...record, value: record.value })
    },
    async move() {
      moves += 1
      return dice.weighted<() => Promise<string> | string>([
        [deliver, 80],
        [stall, 3],
        [lose, 3],
        [() => sendAgain(dice.pick(memory), 'repeat'), 4],
        [() => sendAgain(dice.pick(lostRecords), 'redrive'), 1],
        [crash, 1.5],
        [wipe, 0.5],
        [forget, 0.3]
      ])()
    },
    async passTime() {
      const ms = dice.weighted([
        [100 + dice.below(600), 80],
        [1_000 + dice.below(3_000), 16],
        [10_000 + dice.below(40_000), 1]
      ])
      await driver.setWall(world.now() + ms)
      const awake = tasks.filter(() => dice.chance(0.6))
      for (const task of awake) await driver.tick(task)
      return `${ms} ms pass, seen by ${awake.length} tasks`
    }
  }
}
