/**
 * One ride from its rider's side: ask for a price (some do), ask for the ride, hear by push how it goes
 * until it has ended, or look while push is not live; cancel while waiting or late, or stay away from the pickup, where that is the plan.
 *
 * @module
 */

import { ApiSilentError } from './api-client.ts'
import type { Arrival } from './arrivals.ts'
import type { Customer } from './customers.ts'
import type { Dice } from './dice.ts'
import { planOf, type RiderPlan } from './habits.ts'
import { createIdempotencyKey } from './idempotency-key.ts'
import { isEnded, type LedgerEntry, type RideLedger } from './ride-ledger.ts'
import type { Scene } from './scene.ts'

/** What a rider needs beside the scene. */
export type RiderTask = {
  readonly scene: Scene
  readonly customer: Customer
  readonly arrival: Arrival
  readonly ledger: RideLedger
  readonly dice: Dice
}

/** A rider insists on an answer: one who gave up could not tell whether a ride is coming. */
const askPatienceMs = 120_000
/** How often a rider looks, ms, by status. */
const lookMs = { waiting: 1_000, coming: 2_000, riding: 3_000 }
/** Patience of those who cancel while waiting, ms. */
const impatienceMs = { from: 200, to: 2_500 }
/** Later than the end of the free time, ms, so that the fee is beyond doubt. */
const lateMs = 400

/** A ride that push does not tell of by then is looked at. */
const pushWaitMs = 5_000

type Look = {
  readonly status: string
  readonly matchedAt: number | null
  readonly feeMinor: number | null
}

/** Runs the ride to its end, as far as the rider learns of it. */
export async function takeRide(task: RiderTask): Promise<void> {
  const { scene, customer, arrival, ledger } = task
  const entry = ledger.ask({
    kind: arrival.kind,
    customerId: customer.id,
    pickup: arrival.pickup,
    dropoff: arrival.dropoff,
    sentAtMs: scene.clock.now()
  })
  customer.openRides += 1
  try {
    await ask(task, entry)
    if (entry.rideId !== null) await follow(task, entry, entry.rideId)
  } finally {
    customer.openRides -= 1
  }
}

async function ask({ scene, customer, arrival, ledger, dice }: RiderTask, entry: LedgerEntry) {
  const { pickup, dropoff, kind } = arrival
  const wantsQuote = kind === 'recorded' && dice.chance(scene.habits.quoteShare)
  try {
    const quoteToken = wantsQuote ? await quote(scene, customer, arrival) : null
    const body = quoteToken === null ? { pickup, dropoff } : { pickup, dropoff, quoteToken }
    const key = createIdempotencyKey(scene.clock)
    entry.sentAtMs = scene.clock.now()
    const reply = await customer.api.post('/rides', body, { key, patienceMs: askPatienceMs })
    const { rideId, code } = reply.body
    if (reply.status === 202 && typeof rideId === 'string') {
      ledger.accept(entry, rideId, scene.clock.now())
      customer.push.book.expect(rideId)
    } else {
      ledger.refuse(entry, `${reply.status} ${typeof code === 'string' ? code : ''}`.trim())
    }
  } catch (error) {
    ledger.giveUp(entry)
    if (!(error instanceof ApiSilentError)) throw error
  }
}

/** A price's token, or null when there is none to be had. */
async function quote(
  { figures }: Scene,
  { api }: Customer,
  { pickup, dropoff }: Arrival
): Promise<string | null> {
  const { status, body } = await api.post('/quotes', { pickup, dropoff }, { patienceMs: 2_000 })
  figures.add('quotes')
  const { quoteToken } = body
  return status === 200 && typeof quoteToken === 'string' ? quoteToken : null
}

async function follow(task: RiderTask, entry: LedgerEntry, rideId: string): Promise<void> {
  const { scene, customer, ledger, dice } = task
  const { clock, signal, habits, figures } = scene
  const plan = entry.kind === 'recorded' ? planOf(habits, dice) : 'ride'
  if (plan === 'noShow') scene.absentRiders.add(rideId)
  const patienceUntilMs = clock.now() + dice.between(impatienceMs.from, impatienceMs.to)
  let hasCancelled = false
  for (;;) {
    const look = await lookAt(task, entry, rideId)
    if (look !== null) {
      ledger.note(entry, { status: look.status, feeMinor: look.feeMinor, atMs: clock.now() })
      if (isEnded(look.status)) break
      if (!hasCancelled && isTimeToCancel(plan, look, { scene, patienceUntilMs })) {
        hasCancelled = true
        figures.add('riderCancels')
        const actionId = await customer.api.act(`/rides/${rideId}/cancel`, { reason: plan })
        if (actionId !== null) await customer.api.outcomeOf(actionId)
        continue
      }
    }
    const waitMs = nextLookMs(plan, look, { scene, patienceUntilMs })
    await (customer.push.isLive ? customer.push.news(waitMs) : clock.sleep(waitMs, signal))
  }
  if (entry.status === 'completed' && dice.chance(habits.rateShare)) {
    figures.add('ratings')
    await customer.api.act(`/rides/${rideId}/rating`, { rating: 1 + dice.below(5) })
  }
  if (plan === 'noShow') figures.add('noShows')
}

/** The ride as push told it, else as the API shows it; null when neither can say now. */
async function lookAt(
  { scene, customer }: RiderTask,
  { acceptedAtMs }: LedgerEntry,
  rideId: string
): Promise<Look | null> {
  const { clock, pushLog } = scene
  const { api, push } = customer
  if (push.isLive) {
    const told = push.book.ride(rideId)
    if (told !== undefined) return lookOf(told.document)
    if (clock.now() - (acceptedAtMs ?? 0) < pushWaitMs) return null
    pushLog.pollsWhileLive += 1
  } else pushLog.pollsWhileDown += 1
  try {
    const { status, body } = await api.get(`/rides/${rideId}`)
    return status === 200 ? lookOf(body) : null
  } catch (error) {
    if (error instanceof ApiSilentError) return null
    throw error
  }
}

function lookOf(ride: Readonly<Record<string, unknown>>): Look | null {
  const { status, matchedAt, feeMinor } = ride
  if (typeof status !== 'string') return null
  return {
    status,
    matchedAt: typeof matchedAt === 'number' ? matchedAt : null,
    feeMinor: typeof feeMinor === 'number' ? feeMinor : null
  }
}

type Waiting = { readonly scene: Scene; readonly patienceUntilMs: number }

function isTimeToCancel(plan: RiderPlan, look: Look, waiting: Waiting): boolean {
  const dueMs = cancelDueMs(plan, look, waiting)
  return dueMs !== null && waiting.scene.clock.now() >= dueMs
}

/** When the rider's plan is due as things are, epoch ms; null when it is not. */
function cancelDueMs(plan: RiderPlan, look: Look, waiting: Waiting): number | null {
  const isComing = look.status === 'accepted' || look.status === 'arrived'
  if (plan === 'cancelWaiting') {
    return isComing || look.status === 'started' ? null : waiting.patienceUntilMs
  }
  if (plan !== 'cancelLate' || !isComing || look.matchedAt === null) return null
  return look.matchedAt + waiting.scene.policy.freeCancelMs + lateMs
}

/** Looks again in time for what is planned. */
function nextLookMs(plan: RiderPlan, look: Look | null, waiting: Waiting): number {
  const usualMs = look === null ? lookMs.waiting : usualLookMs(look.status)
  const dueMs = look === null ? null : cancelDueMs(plan, look, waiting)
  if (dueMs === null) return usualMs
  return Math.max(50, Math.min(usualMs, dueMs - waiting.scene.clock.now()))
}

function usualLookMs(status: string): number {
  if (status === 'started') return lookMs.riding
  return status === 'accepted' || status === 'arrived' ? lookMs.coming : lookMs.waiting
}
