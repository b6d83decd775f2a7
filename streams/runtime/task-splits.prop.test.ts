/**
 * @module However the input is split into polls, commits, restarts and crashes, a task's committed
 * outputs and its store are the same.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTopologyDriver } from '../../test/support/index.ts'
import { defineSubTopology, type FailpointName, failpointNames, type SubTopology } from './index.ts'

const startMs = 1_700_000_000_000
const commitPoints = failpointNames.filter((name) => /^(process|txn|store)\./.test(name))

/** Numbers each user's bills; a timer forgets a user 1,000 ms after the last one. */
function numbering(): SubTopology {
  return defineSubTopology({
    app: 'probe',
    name: 'numbers',
    sources: ['trips_closed'],
    stores: { numbers: { record: 'BillState', kind: 'remote' } },
    outputs: ['trips_closed'],
    commitIntervalMs: 100,
    on: {
      trips_closed: (ctx, { key, value }) => {
        const count = (ctx.get('numbers', key)?.totalMinor ?? 0) + 1
        ctx.put('numbers', key, {
          billId: value.rideId,
          totalMinor: count,
          issuedAt: value.closedAt
        })
        ctx.setTimer(key, 'forget', value.closedAt + 1_000)
        ctx.count('numbered')
      }
    },
    onTimer: (ctx, { key }) => ctx.delete('numbers', key)
  })
}

const input = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  gapMs: fc.nat(400),
  /** What happens after this record was appended. */
  next: fc.oneof(
    { weight: 4, arbitrary: fc.constant(null) },
    { weight: 4, arbitrary: fc.constant('run' as const) },
    { weight: 1, arbitrary: fc.constant('restart' as const) },
    { weight: 1, arbitrary: fc.constant('flush' as const) },
    { weight: 2, arbitrary: fc.constantFrom(...commitPoints) }
  )
})

test('splits, restarts, crashes and a flushed backend change nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(input, { maxLength: 25 }),
      fc.constantFrom(1, 2, 7),
      async (inputs, commitEveryRecords) => {
        const entries = async (isQuiet: boolean) => {
          let armed: FailpointName | null = null
          const driver = createTopologyDriver([numbering()], {
            startMs,
            commitEveryRecords: isQuiet ? 1_000 : commitEveryRecords,
            partitions: { trips_closed: 1 },
            failpoints: (name) => {
              if (name !== armed) return
              armed = null
              throw new Error('struck')
            }
          })
          let at = startMs
          for (const [i, { key, gapMs, next }] of inputs.entries()) {
            at += gapMs
            await driver.setWall(at)
            const value = {
              rideId: `r-${i}`,
              customerId: key,
              status: 'COMPLETED',
              closedAt: at
            } as const
            driver.append('trips_closed', key, value, { timestampMs: at })
            if (isQuiet || next === null) continue
            if (next === 'flush') driver.state.flush()
            if (next === 'restart' || next === 'flush') await driver.restart()
            else if (next === 'run') await driver.run()
            else {
              armed = next
              await driver.run().catch(() => driver.restart())
              armed = null
            }
          }
          await driver.run()
          expect(driver.deadLetters('trips_closed')).toEqual([])
          return [...(await driver.entries('probe', 'numbers', 'numbers'))].toSorted()
        }
        expect(await entries(false)).toEqual(await entries(true))
      }
    ),
    { numRuns: 60 }
  )
})
