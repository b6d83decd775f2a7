import { describe, expect, test } from 'vitest'
import { createFakeClock } from '../core/index.ts'
import type { ActorApi } from './actor-api.ts'
import type { ApiReply } from './api-client.ts'
import { AssignmentWatch, parseAssignment, seenIn } from './assignment-watch.ts'
import type { Scene } from './scene.ts'

const offer = {
  kind: 'offer',
  version: 'offer:r/1/d',
  offerId: 'r/1/d',
  rideId: 'r',
  pickup: { lat: 1, lon: 2 },
  dropoff: { lat: 3, lon: 4 }
}

/** A watch whose answers come when the test gives them. */
function watching() {
  const clock = createFakeClock(0)
  const stop = new AbortController()
  const paths: string[] = []
  let answer: (reply: ApiReply) => void = () => {}
  const api = {
    get: (path: string) => {
      paths.push(path)
      return new Promise<ApiReply>((resolve) => {
        answer = resolve
      })
    }
  } as unknown as ActorApi
  const scene = { clock, signal: stop.signal } as unknown as Scene
  const watch = new AssignmentWatch({ scene, api, driverId: 'd' })
  const tell = async (body: Record<string, unknown>, status = 200): Promise<void> => {
    answer({ status, body })
    await clock.settle()
  }
  return { clock, stop, paths, watch, tell }
}

describe('a watch', () => {
  test('asks for anything else than what it knows and wakes who waits', async () => {
    const { clock, paths, watch, tell } = watching()
    void watch.run()
    const stays = watch.stays(watch.current, 60_000)
    await tell(offer)
    expect(await stays).toBe(false)
    expect(watch.current).toMatchObject({
      kind: 'offer',
      offerId: 'r/1/d',
      pickup: { lat: 1, lon: 2 }
    })
    expect(paths).toEqual([
      '/drivers/d/assignment?wait=15&version=none',
      '/drivers/d/assignment?wait=15&version=offer%3Ar%2F1%2Fd'
    ])
    await tell({ kind: 'strange' }, 200)
    await tell({}, 404)
    await clock.settle()
    expect(watch.current.kind).toBe('offer')
  })

  test('lets time pass while nothing changes', async () => {
    const { clock, watch } = watching()
    const seen = watch.current
    const stays = watch.stays(seen, 1_000)
    await clock.advance(1_000)
    expect(await stays).toBe(true)
    expect(await watch.stays({ ...seen }, 1_000)).toBe(false)
  })

  test('ends the wait when the simulation stops', async () => {
    const { clock, stop, watch } = watching()
    const stays = expect(watch.stays(watch.current, 1_000)).rejects.toThrow('over')
    stop.abort(new Error('over'))
    await stays
    expect(clock.timerCount()).toBe(0)
  })
})

test('an assignment that is a ride has its places inside the ride', () => {
  const ride = { offerId: 'o', pickup: { lat: 1, lon: 2 }, dropoff: { lat: 3, lon: 4 } }
  const body = { kind: 'ride', version: 'ride:r:4', rideId: 'r', status: 'accepted', ride }
  const { ride: _ride, ...outer } = body
  expect(parseAssignment(body)).toEqual({ ...outer, ...ride })
  expect(parseAssignment({ kind: 'ride' })).toBeNull()
})

test('frames of push tell the assignment as polls do', () => {
  const { watch } = watching()
  const none = watch.current
  const offered = seenIn({ type: 'offer', rideId: 'r', seq: 2, assignment: offer }, none)
  expect(offered).toMatchObject({ kind: 'offer', version: 'offer:r/1/d', rideId: 'r' })
  const ride = { offerId: 'o', pickup: { lat: 1, lon: 2 }, dropoff: { lat: 3, lon: 4 } }
  const frame = { type: 'ride', rideId: 'r', seq: 4, ride: { ...ride, status: 'accepted' } }
  const accepted = seenIn(frame, none)
  expect(accepted).toEqual({
    kind: 'ride',
    version: 'ride:r:4',
    rideId: 'r',
    status: 'accepted',
    ...ride
  })
  const seen = accepted ?? none
  const ended = { ...frame, seq: 7, ride: { ...ride, status: 'completed' } }
  expect(seenIn(ended, seen)?.kind).toBe('none')
  expect(seenIn({ type: 'assignment', rideId: 'r', seq: 5 }, seen)?.kind).toBe('none')
  expect(seenIn({ type: 'assignment', rideId: 'other', seq: 5 }, seen)).toBeNull()
  expect(seenIn({ type: 'snapshot', resumed: { r: 4 } }, seen)).toBeNull()
})
