/**
 * @module What can happen to the stores and their changelogs, under load or between two runs.
 */
import { waitFor } from '../support/wait-for.ts'
import { putBack, type StateSnapshot, takeSnapshot, wipe } from './case-state.ts'
import {
  compacted,
  deletable,
  eagerCleaning,
  tombstonesGone,
  truncate
} from './changelog-faults.ts'
import type { Instance } from './instance.ts'
import type { StateCase, StateFault } from './matrix.ts'
import type { Scene, SceneOptions } from './scene.ts'

const firstBatch = 240
const underLoadMs = 600
const failoverMs = 300
const truncatedCode = 'HAIL_CHANGELOG_TRUNCATED'

/** What the scene of a case needs beforehand. */
export function stateSettings(fault: StateFault): Pick<SceneOptions, 'changelog' | 'task'> {
  if (fault === 'compacted') return { changelog: eagerCleaning }
  if (fault === 'too-old') return { changelog: eagerCleaning, task: { trustedAgeMs: 5_000 } }
  if (fault === 'truncated' || fault === 'truncated-and-wiped') return { changelog: deletable }
  return {}
}

/** @returns false when the case ends with a refusal, so that there is no rest to wait for */
export async function playState(scene: Scene, { fault, moment }: StateCase): Promise<boolean> {
  const { sender, clock } = scene
  const instance = await scene.instance()
  await sender.send(firstBatch)
  sender.start()
  scene.run(instance)
  await scene.hasWorked()
  const snapshot = await takeSnapshot(scene.stage.redis, scene.app)
  await clock.sleep(underLoadMs)
  if (fault === 'rebalance-in-restore') {
    await rebalanceInRestore(scene, instance)
    return true
  }
  if (fault === 'too-old') await removeAndForget(scene)
  if (moment === 'stopped') await instance.end()
  await strike(scene, { fault, snapshot, instance })
  if (moment === 'running') {
    await noticed(scene, fault, instance)
    return true
  }
  const next = await scene.instance()
  scene.run(next)
  if (fault === 'truncated-and-wiped') {
    await refused(scene, next)
    return false
  }
  await scene.owns(next)
  await clock.sleep(underLoadMs)
  return true
}

interface Strike {
  readonly fault: StateFault
  readonly snapshot: StateSnapshot
  readonly instance: Instance
}

async function strike(scene: Scene, { fault, snapshot, instance }: Strike): Promise<void> {
  const { redis } = scene.stage
  const { app } = scene
  if (fault === 'compacted') scene.bite('changelog records cleaned away', await compacted(scene))
  if (fault === 'wiped' || fault === 'compacted') {
    scene.bite('keys wiped', await wipe(redis, app))
  }
  if (fault === 'rolled-back' || fault === 'too-old') {
    scene.bite('keys put back', await putBack(redis, app, snapshot))
  }
  if (fault === 'failed-over') {
    instance.redis.cut()
    scene.bite('keys put back', await putBack(redis, app, snapshot))
    scene.bite('connections to Redis broken', instance.redis.broken)
    await scene.clock.sleep(failoverMs)
    instance.redis.heal()
  }
  if (fault === 'truncated') scene.bite('partitions truncated', await truncate(scene, 1))
  if (fault === 'truncated-and-wiped') {
    scene.bite('partitions truncated', await truncate(scene, 0.5))
    scene.bite('keys wiped', await wipe(redis, app))
  }
}

/** A running process finds the store elsewhere; a truncated changelog shows when another takes over. */
async function noticed(scene: Scene, fault: StateFault, instance: Instance): Promise<void> {
  if (fault === 'truncated') {
    const { clientId } = instance
    await instance.kill()
    await scene.removeMember(clientId)
    const next = await scene.instance()
    scene.run(next)
    await scene.owns(next)
  } else {
    await waitFor('a task to notice that its store has moved', () => {
      scene.checkFatal()
      return instance.dropped.length > 0
    })
    scene.bite('tasks that noticed', instance.dropped.length)
  }
  await scene.clock.sleep(underLoadMs)
}

/** Deletes keys and waits until the changelog has forgotten that they were ever there. */
async function removeAndForget(scene: Scene): Promise<void> {
  const { sender } = scene
  await sender.stop()
  const removed = await sender.removeHalf()
  // Further records, so that the segments with the tombstones are closed.
  sender.start()
  await tombstonesGone(scene, new Set(removed))
  scene.bite('deleted keys that no tombstone tells of', removed.length)
}

async function rebalanceInRestore(scene: Scene, first: Instance): Promise<void> {
  await first.end()
  scene.run(first, ['assign.after-offsets:1', 'restore.mid:1'])
  await first.told('hit')
  scene.bite('keys wiped', await wipe(scene.stage.redis, scene.app))
  first.order({ do: 'go-on' })
  await first.told('hit')
  scene.bite('restore.mid reached', 1)
  const second = await scene.instance()
  scene.run(second)
  await waitFor('a second process to be given tasks', async () => {
    return (await second.counts()).assigned > 0
  })
  scene.bite('a second process joined during the restore', 1)
  first.order({ do: 'go-on' })
  await scene.clock.sleep(underLoadMs)
}

/** Records that a restore needs are gone: the tasks must say so and stay out. */
async function refused(scene: Scene, instance: Instance): Promise<void> {
  scene.allowedFatal = truncatedCode
  await waitFor(
    'a task to refuse a truncated changelog',
    () => {
      scene.checkFatal()
      const isFatal = instance.fatal.some((line) => line.startsWith(truncatedCode))
      return isFatal || instance.dropped.includes(truncatedCode)
    },
    { timeoutMs: 10_000 }
  )
  scene.bite('tasks that refused', 1)
}
