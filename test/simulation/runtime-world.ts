/**
 * @module The world of the runtime's simulation: a log, a state backend, senders, and for each
 * partition one owner with its zombies. It does what it is told, one move at a time; what goes wrong
 * and when is drawn in runtime-nemesis.ts.
 */
import { createFakeClock, type FakeClock, MigrateError } from '../../core/index.ts'
import { type OutRecord, partitionForKey, type Transaction } from '../../core/kafka/index.ts'
import type { SubTopology, TaskSettings } from '../../streams/runtime/index.ts'
import type { Outcome } from '../checker/index.ts'
import { MemoryLog, MemoryState } from '../support/index.ts'
import type { Dice } from './dice.ts'
import { type Bites, createBites } from './runtime-bites.ts'
import { firstRecords } from './runtime-faults.ts'
import { isFatal, Owner, type Servers } from './runtime-owner.ts'
import { codec, inputTopic, partitions, type SimInput, simTopology } from './runtime-workload.ts'

const startMs = 1_700_000_000_000
const fetchAll = {
  maxWaitMs: 0,
  maxBytesPerPartition: 1 << 30,
  maxBytes: 1 << 30,
  isolation: 'committed'
} as const

export interface Slot {
  owner: Owner | null
  readonly zombies: Owner[]
}

/** An input as its sender remembers it. */
export interface Sent {
  readonly id: string
  readonly key: string
  readonly partition: number
  readonly timestampMs: number
  outcome: Outcome
}

/** What becomes of one send: acknowledged, written without an answer, written twice, or neither. */
export type Sending = 'ok' | 'lost-reply' | 'sent-twice' | 'refused'

interface OpenSend {
  readonly transaction: Transaction
  readonly sent: Sent[]
}

export class World {
  readonly clock: FakeClock
  readonly log: MemoryLog
  readonly state = new MemoryState()
  readonly topology: SubTopology = simTopology()
  readonly bites: Bites = createBites()
  readonly slots: readonly Slot[]
  readonly sent: Sent[] = []
  /** Errors that would stop a process for good: there must be none. */
  readonly fatal: unknown[] = []
  readonly #servers: Servers
  #openSend: OpenSend | null = null
  #senders = 0

  constructor(seed: number, dice: Dice, settings: Partial<TaskSettings>) {
    this.clock = createFakeClock(startMs, seed)
    this.log = new MemoryLog(() => this.clock.now())
    this.slots = Array.from({ length: partitions }, () => ({ owner: null, zombies: [] }))
    this.#servers = {
      topology: this.topology,
      log: this.log,
      state: this.state,
      codec,
      clock: this.clock,
      dice,
      bites: this.bites,
      settings
    }
  }

  now(): number {
    return this.clock.now()
  }

  /** Time passes for everybody; by an even number of ms, so that deadlines and records never coincide. */
  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms - (ms % 2))
  }

  /** Drops an owner that died; returns true when there was one. */
  async bury(slot: Slot): Promise<boolean> {
    for (const zombie of slot.zombies.filter(({ isDead }) => isDead)) {
      if (zombie.error instanceof MigrateError) this.bites.add('zombie-fenced')
      slot.zombies.splice(slot.zombies.indexOf(zombie), 1)
      await zombie.close()
    }
    const { owner } = slot
    if (owner === null || !owner.isDead) return false
    if (isFatal(owner.error)) this.fatal.push(owner.error)
    slot.owner = null
    await owner.close()
    return true
  }

  /** Lets a new owner acquire the task; the present one lives on as a zombie that knows nothing of it. */
  async acquire(slot: Slot, partition: number): Promise<Owner> {
    if (slot.owner !== null) {
      slot.owner.isSuperseded = true
      slot.zombies.push(slot.owner)
      this.bites.add('takeover')
    }
    const owner = new Owner(this.#servers, partition)
    slot.owner = owner
    return owner
  }

  /** When the oldest acquisition under way began, now when there is none; epoch ms. */
  acquiringSinceMs(): number {
    let sinceMs = this.now()
    for (const { owner, zombies } of this.slots) {
      for (const { task, isBusy, bornMs } of owner === null ? zombies : [owner, ...zombies]) {
        if (isBusy && !task.isRunning) sinceMs = Math.min(sinceMs, bornMs)
      }
    }
    return sinceMs
  }

  /** Fetches what the task wants and hands it over, at most `records` of it. */
  async feed(owner: Owner, records: number): Promise<void> {
    for (const want of owner.task.wanted()) {
      const sentAtMs = owner.now()
      const [fetched] = await this.log.fetcher().fetch([want], fetchAll)
      if (fetched === undefined || fetched.error !== null) {
        this.fatal.push(new Error(`expected to read ${want.topic}@${want.offset}`))
        continue
      }
      const part = firstRecords(fetched, records)
      owner.task.deliver(part, want.offset, sentAtMs)
      owner.held = { fetched: part, requested: want.offset, sentAtMs }
    }
  }

  /** Delivers the last response once more. */
  feedAgain(owner: Owner): void {
    if (owner.held === null) return
    this.bites.add('duplicate-fetch')
    owner.task.deliver(owner.held.fetched, owner.held.requested, owner.held.sentAtMs)
  }

  /** Sends one input, whatever becomes of it. */
  async send(key: string, how: Sending): Promise<void> {
    const sent = this.#remember(key, how === 'ok' || how === 'sent-twice' ? 'ok' : 'unknown')
    if (how === 'refused') return
    this.log.append(this.#recordOf(sent))
    if (how !== 'sent-twice') return
    this.log.append(this.#recordOf(sent))
    this.bites.add('input-sent-twice')
  }

  /** Sends inputs in a transaction that stays open until `endSend`. */
  async openSend(chosen: readonly string[]): Promise<void> {
    if (this.#openSend !== null) return
    this.#senders += 1
    const producer = await this.log.transactionalProducer(`sender-${this.#senders}`)
    await producer.init()
    const transaction = await producer.begin()
    const sent = chosen.map((key) => this.#remember(key, 'unknown'))
    await transaction.send(sent.map((one) => this.#recordOf(one)))
    this.#openSend = { transaction, sent }
  }

  async endSend(isCommitted: boolean): Promise<void> {
    const open = this.#openSend
    if (open === null) return
    this.#openSend = null
    for (const one of open.sent) one.outcome = isCommitted ? 'ok' : 'failed'
    await (isCommitted ? open.transaction.commit() : open.transaction.abort())
    if (!isCommitted) this.bites.add('input-aborted')
  }

  #remember(key: string, outcome: Outcome): Sent {
    const sent: Sent = {
      id: `i${this.sent.length}`,
      key,
      partition: partitionForKey(key, partitions),
      timestampMs: this.now(),
      outcome
    }
    this.sent.push(sent)
    return sent
  }

  #recordOf({ id, key, partition, timestampMs }: Sent): OutRecord {
    const value: SimInput = { id }
    return {
      topic: inputTopic.name,
      partition,
      key,
      value: inputTopic.format.encode(value, codec),
      timestampMs
    }
  }
}
