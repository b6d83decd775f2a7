import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BillingTask } from '../../avro/index.ts'
import { quoteFare, usdTariff } from '../../domain/index.ts'
import { createTopologyDriver } from '../../test/support/index.ts'
import { foldBillingTask } from './billing.ts'
import { billingTopologies } from './index.ts'

const startMs = Date.UTC(2025, 5, 2, 12)

function aTask(over: Partial<BillingTask> = {}): BillingTask {
  return {
    taskId: 't-1',
    rideId: 'r-1',
    kind: 'TRIP',
    customerId: 'c-1',
    driverId: 'd-1',
    fare: aFare(5000, 100),
    feeMinor: null,
    requestedAt: startMs,
    startedAt: startMs,
    endedAt: startMs,
    reason: null,
    ...over
  }
}

function aFare(distanceMeters: number, surgePercent: number) {
  return quoteFare({ distanceMeters, durationSeconds: 900, surgePercent, tariff: usdTariff })
}

const setUp = () => createTopologyDriver(billingTopologies(), { startMs })

describe('billing', () => {
  test('issues a bill that adds up and its receipt', async () => {
    const driver = setUp()
    await driver.pipe('billing_tasks', 'r-1', aTask())
    const [bill] = driver.read('bills')
    expect(bill?.key).toBe('r-1')
    expect(bill?.value).toMatchObject({ billId: 'r-1:TRIP', totalMinor: aTask().fare.totalMinor })
    expect(driver.read('notification_tasks')).toMatchObject([
      { key: 'c-1', value: { notificationId: 'r-1:TRIP:receipt', template: 'receipt' } }
    ])
  })

  test('issues nothing for a repeat, also after a restart and a wipe', async () => {
    const driver = setUp()
    await driver.pipe('billing_tasks', 'r-1', aTask(), { run: false })
    await driver.pipe('billing_tasks', 'r-1', aTask({ taskId: 't-2' }))
    await driver.restart()
    await driver.wipe('billing', 'bills', 'bills')
    await driver.pipe('billing_tasks', 'r-1', aTask())
    expect(driver.all('bills')).toHaveLength(1)
    expect(driver.all('notification_tasks')).toHaveLength(1)
  })

  test('bills trip and fee of one ride apart', async () => {
    const driver = setUp()
    await driver.pipe('billing_tasks', 'r-1', aTask())
    await driver.pipe('billing_tasks', 'r-1', aTask({ kind: 'CANCELLATION_FEE', feeMinor: 500 }))
    expect(driver.read('bills').map(({ value }) => value?.billId)).toEqual([
      'r-1:TRIP',
      'r-1:CANCELLATION_FEE'
    ])
  })

  test('dead-letters another amount, a fare that does not add up, a foreign key and a tombstone', async () => {
    const driver = setUp()
    await driver.pipe('billing_tasks', 'r-1', aTask())
    await driver.pipe('billing_tasks', 'r-1', aTask({ fare: aFare(9000, 100) }))
    const fare = { ...aTask().fare, totalMinor: 1 }
    await driver.pipe('billing_tasks', 'r-2', aTask({ rideId: 'r-2', fare }))
    await driver.pipe('billing_tasks', 'r-3', aTask())
    await driver.pipe('billing_tasks', 'r-1', null)
    expect(driver.deadLetters('billing_tasks')).toHaveLength(4)
    expect(driver.all('bills')).toHaveLength(1)
  })

  test('forgets a bill when no repeat can come any more', async () => {
    const driver = setUp()
    await driver.pipe('billing_tasks', 'r-1', aTask())
    await driver.advance(7 * 86_400_000 + 1)
    expect(await driver.store('billing', 'bills', 'bills', 'r-1:TRIP')).toBeUndefined()
  })
})

test('lines add up to the total and both shares do', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 100_000 }),
      fc.integer({ min: 10, max: 30 }),
      fc.boolean(),
      (meters, tenths, hasDriver) => {
        const fare = aFare(meters, tenths * 10)
        const step = foldBillingTask(
          undefined,
          aTask({ fare, driverId: hasDriver ? 'd' : null }),
          1
        )
        if (step.kind !== 'issued') throw new Error('expected a bill')
        const { bill } = step
        expect(bill.lines.reduce((sum, line) => sum + line.amountMinor, 0)).toBe(bill.totalMinor)
        expect(bill.driverEarningsMinor + bill.platformMinor).toBe(bill.totalMinor)
        expect(bill.totalMinor).toBe(fare.totalMinor)
      }
    )
  )
})
