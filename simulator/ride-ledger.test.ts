import { describe, expect, test } from 'vitest'
import { RideLedger } from './ride-ledger.ts'

const place = { lat: 40.75, lon: -73.98 }
const request = {
  kind: 'recorded',
  customerId: 'c-1',
  pickup: place,
  dropoff: place,
  sentAtMs: 1
} as const

describe("the riders' book", () => {
  test('counts a request as accepted from its 202 on, whatever happens later', () => {
    const ledger = new RideLedger()
    const [first, second, third] = [1, 2, 3].map(() => ledger.ask(request))
    if (!first || !second || !third) throw new Error('three entries')
    ledger.accept(first, 'r-1', 2)
    ledger.refuse(second, '422 outside_service_area')
    ledger.giveUp(third)
    ledger.note(first, { status: 'cancelled', feeMinor: 500, atMs: 9 })
    expect(ledger.counts()).toEqual({
      asking: 0,
      open: 0,
      ended: 1,
      refused: 1,
      unanswered: 1,
      accepted: 1
    })
    expect(first).toMatchObject({ status: 'cancelled', feeMinor: 500, endedSeenAtMs: 9 })
    expect(ledger.countEnded('cancelled')).toBe(1)
  })

  test('keeps an end that was seen, though an older status is read afterwards', () => {
    const ledger = new RideLedger()
    const entry = ledger.ask(request)
    ledger.accept(entry, 'r-1', 2)
    ledger.note(entry, { status: 'completed', feeMinor: null, atMs: 5 })
    ledger.note(entry, { status: 'started', feeMinor: null, atMs: 6 })
    expect(entry).toMatchObject({ state: 'ended', status: 'completed' })
  })

  test('does not take one ride id for two requests', () => {
    const ledger = new RideLedger()
    ledger.accept(ledger.ask(request), 'r-1', 2)
    expect(() => ledger.accept(ledger.ask(request), 'r-1', 3)).toThrow('r-1 again')
  })
})
