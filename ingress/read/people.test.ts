import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../core/index.ts'
import { stores } from '../../streams/query/index.ts'
import { aBill, aDriver, aPresence, aProfile, places } from '../testing/builders.ts'
import { startTestIngress, type TestIngress } from '../testing/test-ingress.ts'

let it: TestIngress
const rider = { role: 'customer', subject: 'c-1' } as const
const driver = { role: 'driver', subject: 'd-1' } as const
const admin = { role: 'admin', subject: 'a-1' } as const

beforeEach(async () => {
  it = await startTestIngress({ LIMIT_READS: '0', READ_DEADLINE: '500ms' })
})
afterEach(() => it.ingress.drain())

describe('drivers and customers', () => {
  test('shows available drivers near a place, without ids to riders', async () => {
    const heardAt = systemClock.now()
    it.stores.near = ['d-1', 'd-2', 'd-3'].map((member, index) => ({
      member,
      distanceMeters: 10.4 * (index + 1),
      ...places.timesSquare
    }))
    it.stores.put(stores.presence, 'd-1', aPresence({ heardAt }))
    it.stores.put(stores.presence, 'd-2', aPresence({ heardAt, status: 'ON_TRIP' }))
    it.stores.put(stores.presence, 'd-3', aPresence({ heardAt: heardAt - 3_600_000 }))
    const path = '/drivers/nearby?lat=40.758&lon=-73.9855&radius=500'
    const shown = await it.get(path, { as: rider })
    expect(shown.body['drivers']).toEqual([{ ...places.timesSquare, distanceMeters: 10 }])
    const full = await it.get(path, { as: admin })
    expect(full.body['drivers']).toMatchObject([{ driverId: 'd-1' }])
    expect((await it.get('/drivers/nearby?lat=40', { as: rider })).status).toBe(422)
    expect((await it.get(`${path}0000`, { as: rider })).status).toBe(422)
  })

  test('shows a profile to its owner and to administrators', async () => {
    const profile = aProfile()
    expect((await it.get('/drivers/d-1', { as: driver })).status).toBe(404)
    it.history.userById.set('d-1', profile)
    it.history.userById.set('c-1', { ...profile, userId: 'c-1' })
    it.stores.put(stores.drivers, 'd-1', aDriver())
    const own = await it.get('/drivers/d-1', { as: driver })
    expect(own.body).toMatchObject({ driverId: 'd-1', profile, state: { status: 'available' } })
    expect((await it.get('/drivers/d-2', { as: driver })).status).toBe(403)
    expect((await it.get('/customers/c-1', { as: rider })).status).toBe(200)
    expect((await it.get('/customers/c-2', { as: rider })).status).toBe(403)
    expect((await it.get('/customers/c-2', { as: admin })).status).toBe(404)
  })
})

describe('bills', () => {
  test('shows each party its own bills and its own part of the sum', async () => {
    it.history.billList.push(aBill(), aBill({ billId: 'bill-2', customerId: 'c-2' }))
    const own = await it.get('/bills', { as: rider })
    expect(own.body['bills']).toMatchObject([{ billId: 'bill-1', kind: 'trip', totalMinor: 1_234 }])
    expect((own.body['bills'] as object[])[0]).not.toHaveProperty('driverEarningsMinor')
    const paid = await it.get('/bills/bill-1', { as: driver })
    expect(paid.body).toMatchObject({ driverEarningsMinor: 900 })
    expect(paid.body).not.toHaveProperty('platformMinor')
    expect((await it.get('/bills/bill-1', { as: admin })).body).toMatchObject({
      platformMinor: 334
    })
    expect((await it.get('/bills/bill-2', { as: rider })).status).toBe(403)
    expect((await it.get('/bills/bill-9', { as: rider })).status).toBe(404)
  })
})
describe('figures for administrators', () => {
  const hour = 1_700_000_400_000 - (1_700_000_400_000 % 3_600_000)
  const figures = {
    market: 'new_york',
    currency: null,
    hour,
    requested: 10,
    completed: 6,
    cancelled: 2,
    unserved: 1,
    rejected: 1,
    offersMade: 8,
    offersAccepted: 6,
    waits: 6,
    waitMsTotal: 60_000,
    revenueMinor: 0,
    driverEarningsMinor: 0
  }
  const bills = Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, typeof value === 'number' ? 0 : null])
  ) as unknown as typeof figures

  test('sums the hours and says as of when', async () => {
    it.history.figures = {
      asOf: 1_700_000_500_000,
      hours: [
        figures,
        { ...figures, market: 'chicago', hour: hour + 3_600_000, waitMsTotal: 180_000 },
        {
          ...bills,
          hour,
          currency: 'USD' as never,
          revenueMinor: 5_000,
          driverEarningsMinor: 4_000
        }
      ]
    }
    const read = async (path: string) => (await it.get(`/admin/${path}`, { as: admin })).body
    expect(await read('statistics')).toMatchObject({
      asOf: 1_700_000_500_000,
      rides: { requested: 20, completed: 12, cancelled: 4, noDriversAvailable: 2, rejected: 2 },
      offers: { made: 16, accepted: 12, acceptanceRate: 0.75 },
      waiting: { rides: 12, meanSeconds: 20 },
      revenue: [{ currency: 'USD', totalMinor: 5_000, driverEarningsMinor: 4_000 }]
    })
    expect((await read('charts/rides-by-status'))['points']).toContainEqual({
      status: 'completed',
      rides: 12
    })
    expect((await read('charts/rides-by-hour'))['points']).toMatchObject([
      { hour, requested: 10 },
      { hour: hour + 3_600_000, requested: 10 }
    ])
    expect((await read('charts/revenue'))['series']).toEqual([
      { currency: 'USD', points: [{ hour, totalMinor: 5_000 }] }
    ])
    expect((await read('charts/waiting-time'))['points']).toMatchObject([
      { meanSeconds: 10 },
      { meanSeconds: 30 }
    ])
    expect((await read('charts/acceptance-rate'))['points']).toMatchObject([
      { rate: 0.75 },
      { rate: 0.75 }
    ])
  })

  test('starts at a whole hour and refuses periods that make no sense', async () => {
    const to = hour + 5_400_000
    await it.get(`/admin/statistics?from=${hour + 60_000}&to=${to}&market=chicago`, { as: admin })
    expect(it.history.hoursQuery).toEqual({ from: hour, to, market: 'chicago' })
    const backwards = await it.get(`/admin/statistics?from=${to}&to=${hour}`, { as: admin })
    const long = await it.get(`/admin/statistics?from=${hour - 40 * 86_400_000}&to=${hour}`, {
      as: admin
    })
    expect([backwards.status, long.status]).toEqual([422, 422])
  })
})
