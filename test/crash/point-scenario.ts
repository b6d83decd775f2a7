/**
 * @module A fault at a named point: gets a process to the point, strikes, and lets the same process
 * or another go on.
 */

import { waitFor } from '../support/wait-for.ts'
import { wipe } from './case-state.ts'
import type { Instance } from './instance.ts'
import { type PointCase, pointPlans } from './matrix.ts'
import type { Scene } from './scene.ts'
import { partitions } from './workload.ts'

const firstBatch = 240
/** Time under load before and after, ms. */
const underLoadMs = 250
const hitMs = 20_000
/** A cut shorter than the session, and one longer, ms. */
const shortCutMs = 500
const longCutMs = 3_000

/** Plays the case up to the end of its fault; rest and judgement follow. */
export async function playPoint(scene: Scene, point: PointCase): Promise<void> {
  const { sender } = scene
  const plan = pointPlans[point.point]
  const victim = await scene.instance()
  const survivor = point.who === 'other' ? await scene.instance() : null
  await sender.send(firstBatch)
  sender.start()
  if (survivor) {
    scene.run(survivor)
    await scene.owns(survivor)
    await scene.hasWorked()
  } else if (plan.needs === 'wiped-store') {
    await workFor(scene, victim)
  }
  await reach(scene, point, victim)
  await scene.probe()
  scene.bite(`${point.point} reached`, 1)
  if (point.fault === 'kill') await strikeKill(scene, point, { victim, survivor })
  else if (point.fault === 'pause') await strikePause(scene, point, { victim, survivor })
  else if (point.fault === 'cut') await strikeCut(scene, point, { victim, survivor })
  else await strikeLostReply(scene, point, { victim, survivor })
  await scene.clock.sleep(underLoadMs)
}

interface Cast {
  readonly victim: Instance
  /** Null when the victim goes on by itself. */
  readonly survivor: Instance | null
}

/** A run in good order, so that there is state and a committed offset. */
async function workFor(scene: Scene, instance: Instance): Promise<void> {
  scene.run(instance)
  await scene.hasWorked()
  await instance.end()
}

/** Runs the victim until it waits at the point. */
async function reach(scene: Scene, point: PointCase, victim: Instance): Promise<void> {
  const { needs } = pointPlans[point.point]
  const stop = `${point.point}:${point.hit}`
  if (needs === 'wiped-store') {
    scene.run(victim, ['assign.after-offsets:1', stop])
    await victim.told('hit', hitMs)
    scene.bite('keys wiped before the restore', await wipe(scene.stage.redis, scene.app))
    victim.order({ do: 'go-on' })
  } else if (needs === 'before-apply' && point.fault === 'lost-reply') {
    scene.run(victim, [`store.before-apply:${point.hit}`, `${point.point}:1`])
    await victim.told('hit', hitMs)
    loseNext(point, victim)
    victim.order({ do: 'go-on' })
  } else {
    scene.run(victim, [stop])
  }
  if (needs === 'leaving') await leaveUntil(scene, point, victim)
  await victim.told('hit', hitMs)
}

/** Stops as often as it takes to be at the point for the nth time. */
async function leaveUntil(scene: Scene, point: PointCase, victim: Instance): Promise<void> {
  for (let stops = 1; ; stops += 1) {
    await victim.told('joined')
    await waitFor('the process to run a task', async () => (await victim.counts()).running > 0)
    await scene.clock.sleep(underLoadMs)
    victim.order({ do: 'leave' })
    if (stops === point.hit) return
    await victim.told('left')
    victim.order({ do: 'join' })
  }
}

async function strikeKill(scene: Scene, { hit }: PointCase, cast: Cast): Promise<void> {
  const { victim, survivor } = cast
  const { clientId } = victim
  const ended = await victim.kill()
  scene.bite('killed by SIGKILL', ended === 'SIGKILL' ? 1 : 0)
  // At a first hit as the supervisor does; at a later one its session has to time out.
  if (hit === 1) await scene.removeMember(clientId)
  if (survivor) return scene.owns(survivor)
  const next = await scene.instance()
  scene.run(next)
  await scene.owns(next)
}

async function strikePause(scene: Scene, point: PointCase, cast: Cast): Promise<void> {
  const { victim, survivor } = cast
  const { memberId: before } = await victim.counts()
  await victim.pause()
  await waitFor('the paused process to lose its membership', async () => {
    return !(await scene.members()).has(victim.clientId ?? '')
  })
  scene.bite('paused past its session', 1)
  if (survivor) {
    await scene.owns(survivor)
    // The new owner has committed beyond what the zombie holds.
    await scene.clock.sleep(2 * underLoadMs)
  }
  victim.order({ do: 'go-on' })
  victim.resume()
  await victim.counts()
  scene.bite('the zombie resumed', 1)
  if (pointPlans[point.point].needs === 'leaving') return comeBack(scene, cast)
  await waitFor('the zombie to join anew', async () => {
    scene.checkFatal()
    const { memberId } = await victim.counts()
    return memberId !== null && memberId !== before
  })
  scene.bite('the zombie was out of the group', 1)
  if (!survivor || !pointPlans[point.point].isInTransaction) return
  // Elsewhere it may have been told that it is out before it tried anything.
  const fenced = victim.dropped.filter((code) => code === 'HAIL_FENCED')
  scene.bite('the zombie was fenced', fenced.length)
}

async function strikeCut(scene: Scene, point: PointCase, cast: Cast): Promise<void> {
  const { victim, survivor } = cast
  victim.cut()
  victim.order({ do: 'go-on' })
  const cutMs = scene.clock.monotonic()
  if (survivor) await scene.owns(survivor)
  const leftMs = (point.hit === 1 ? shortCutMs : longCutMs) - (scene.clock.monotonic() - cutMs)
  if (leftMs > 0) await scene.clock.sleep(leftMs)
  scene.bite('connections to Kafka broken', sum(victim.kafka, 'broken'))
  scene.bite('connections to Redis broken', victim.redis.broken)
  victim.heal()
  await comeBackIfLeft(scene, point, cast)
}

async function strikeLostReply(scene: Scene, point: PointCase, cast: Cast): Promise<void> {
  const { victim, survivor } = cast
  if (pointPlans[point.point].needs !== 'before-apply') loseNext(point, victim)
  victim.order({ do: 'go-on' })
  const isLost = (): boolean => sum(victim.proxies, 'lost') > 0
  await waitFor('a reply to get lost', isLost, { everyMs: 2, timeoutMs: hitMs })
  if (survivor) {
    // Nothing more gets through, so it is the other one that has to find out.
    victim.cut()
    await scene.owns(survivor)
  }
  scene.bite('replies lost', sum(victim.proxies, 'lost'))
  victim.heal()
  await comeBackIfLeft(scene, point, cast)
}

function loseNext(point: PointCase, victim: Instance): void {
  const { next } = pointPlans[point.point]
  for (const proxy of victim.kafka) proxy.loseReply(next.filter((one) => typeof one === 'number'))
  victim.redis.loseReply(next.filter((one) => typeof one === 'string'))
}

async function comeBackIfLeft(scene: Scene, point: PointCase, cast: Cast): Promise<void> {
  if (pointPlans[point.point].needs === 'leaving') await comeBack(scene, cast)
}

/** After a stop with a fault in it: the same process joins again, or the other has it all. */
async function comeBack(scene: Scene, { victim, survivor }: Cast): Promise<void> {
  await victim.told('left')
  if (survivor) return scene.owns(survivor)
  victim.order({ do: 'join' })
  await scene.owns(victim, partitions)
}

function sum(proxies: Instance['proxies'], count: 'broken' | 'lost'): number {
  return proxies.reduce((total, proxy) => total + proxy[count], 0)
}
