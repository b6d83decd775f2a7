import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type StorePlace, storeFinding, storeState } from './store-verdict.ts'

const aPlace = (over: Partial<StorePlace> = {}): StorePlace => ({
  task: 'shop-totals-0',
  store: 'totals',
  group: 'hs-shop-totals',
  lead: 'orders',
  partition: 0,
  changelog: 'shop-totals-totals-changelog',
  isSegmented: false,
  stored: 10n,
  appliedAtMs: 1,
  committed: 5n,
  target: 10n,
  bounds: { logStart: 0n, high: 12n },
  ...over
})

const positions = fc.bigInt({ min: 0n, max: 20n })
const anyPlace = fc
  .record({
    stored: positions,
    target: positions,
    committed: fc.option(positions),
    isSegmented: fc.boolean(),
    bounds: fc.option(
      fc.tuple(positions, positions).map(([one, other]) => ({
        logStart: one < other ? one : other,
        high: one < other ? other : one
      }))
    )
  })
  .map((over) => aPlace(over))

describe('the state of a store', () => {
  test.each([
    ['ok', {}],
    ['ok', { stored: 0n, target: 0n, committed: null, bounds: { logStart: 0n, high: 0n } }],
    ['ok', { isSegmented: true, bounds: { logStart: 12n, high: 12n } }],
    ['behind', { stored: 9n }],
    ['behind', { stored: 0n }],
    ['ahead', { stored: 11n }],
    ['lost', { target: 0n, committed: null }],
    ['lost', { target: 0n }],
    ['recreated', { target: 0n, stored: 13n }],
    ['recreated', { bounds: { logStart: 0n, high: 2n } }],
    ['truncated', { bounds: { logStart: 11n, high: 12n } }],
    ['missing', { bounds: null }]
  ] as const)('is %s with %o', (state, over) => {
    expect(storeState(aPlace(over))).toBe(state)
  })

  test('is ok only where the stored position is the committed one', () => {
    fc.assert(
      fc.property(anyPlace, (place) => {
        if (storeState(place) === 'ok') expect(place.stored).toBe(place.target)
        expect(storeFinding(place, true) === null).toBe(storeState(place) === 'ok')
      })
    )
  })
})

describe('what is said of a store', () => {
  test('needs no hand while nobody owns a store that is behind', () => {
    expect(storeFinding(aPlace({ stored: 9n }), false)?.severity).toBe('note')
    expect(storeFinding(aPlace({ stored: 9n }), true)?.severity).toBe('hand')
  })

  test('names the command that mends a lost commit', () => {
    expect(storeFinding(aPlace({ target: 0n, committed: null }), false)).toMatchObject({
      severity: 'hand',
      kind: 'store-lost',
      subject: 'shop-totals-0 totals',
      next: expect.stringContaining(
        'make doctor DO=move-offset GROUP=hs-shop-totals TOPIC=orders PARTITION=0'
      )
    })
  })
})
