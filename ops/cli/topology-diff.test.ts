import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type {
  StoreDescription,
  SubTopologyDescription,
  TopicDescription,
  TopologyDescription
} from './topology-description.ts'
import { descriptionText, parseDescription } from './topology-description.ts'
import { diffText, diffTopologies } from './topology-diff.ts'

const aTopic = (over: Partial<TopicDescription> = {}): TopicDescription => ({
  topic: 'orders',
  format: 'Order',
  partitions: 3,
  isInternal: false,
  ...over
})

const aStore = (over: Partial<StoreDescription> = {}): StoreDescription => ({
  store: 'totals',
  changelog: 'shop-totals-totals-changelog',
  format: 'Total',
  kind: 'remote',
  isSegmented: false,
  ttlMs: null,
  hasPlaces: false,
  ...over
})

const aSub = (over: Partial<SubTopologyDescription> = {}): SubTopologyDescription => ({
  id: 'shop-totals',
  app: 'shop',
  name: 'totals',
  group: 'hs-shop-totals',
  partitions: 3,
  lead: 'orders',
  commitIntervalMs: 100,
  closesOnIdle: true,
  sources: [aTopic()],
  outputs: [],
  stores: [aStore()],
  ...over
})

const of = (...subTopologies: SubTopologyDescription[]): TopologyDescription => ({
  version: 1,
  subTopologies
})

/** Verdicts by what changed. */
function verdicts(from: SubTopologyDescription, to: SubTopologyDescription) {
  return diffTopologies(of(from), of(to)).map(({ what, verdict }) => [what, verdict])
}

const anySub = fc
  .record({
    partitions: fc.integer({ min: 1, max: 4 }),
    lead: fc.constantFrom('orders', 'returns'),
    commitIntervalMs: fc.constantFrom(100, 200),
    closesOnIdle: fc.boolean(),
    stores: fc.uniqueArray(
      fc.record({
        store: fc.constantFrom('a', 'b', 'c'),
        changelog: fc.constantFrom('x-changelog', 'y-changelog'),
        format: fc.constantFrom('Total', 'long'),
        kind: fc.constantFrom('remote' as const, 'resident' as const),
        isSegmented: fc.boolean(),
        ttlMs: fc.constantFrom(null, 1, 2),
        hasPlaces: fc.boolean()
      }),
      { selector: ({ store }) => store }
    )
  })
  .map((over) => aSub(over))

describe('the diff of two descriptions', () => {
  test('is empty exactly for equal ones', () => {
    fc.assert(
      fc.property(anySub, anySub, (one, other) => {
        expect(diffTopologies(of(one), of(one))).toEqual([])
        const bare = (sub: SubTopologyDescription) =>
          descriptionText(
            of({
              ...sub,
              // A changelog's name follows from the store's; the order of stores says nothing.
              stores: sub.stores
                .map((store) => ({ ...store, changelog: '' }))
                .sort((a, b) => (a.store < b.store ? -1 : 1))
            })
          )
        expect(diffTopologies(of(one), of(other)).length === 0).toBe(bare(one) === bare(other))
      })
    )
  })

  test('lets a new sub-topology, store, source and output in', () => {
    expect(diffTopologies(of(), of(aSub()))).toMatchObject([
      { kind: 'added', what: 'sub-topology', verdict: 'compatible', orphans: [] }
    ])
    const grown = aSub({
      sources: [aTopic(), aTopic({ topic: 'returns' })],
      outputs: [aTopic({ topic: 'bills' })],
      stores: [aStore(), aStore({ store: 'counts', changelog: 'shop-totals-counts-changelog' })]
    })
    expect(verdicts(aSub(), grown)).toEqual([
      ['source returns', 'compatible'],
      ['output bills', 'compatible'],
      ['store counts', 'compatible']
    ])
  })

  test('names the topics that a removed sub-topology, store or repartition topic leaves', () => {
    const repartition = aTopic({ topic: 'shop-by_user-repartition', isInternal: true })
    const from = aSub({ outputs: [repartition] })
    expect(diffTopologies(of(from), of())).toMatchObject([
      {
        kind: 'removed',
        verdict: 'orphans',
        orphans: ['shop-by_user-repartition', 'shop-totals-totals-changelog']
      }
    ])
    expect(diffTopologies(of(from), of(aSub({ stores: [] })))).toMatchObject([
      { what: 'output shop-by_user-repartition', orphans: ['shop-by_user-repartition'] },
      { what: 'store totals', orphans: ['shop-totals-totals-changelog'] }
    ])
  })

  test('does not call an internal topic an orphan that another sub-topology still reads', () => {
    const repartition = aTopic({ topic: 'shop-by_user-repartition', isInternal: true })
    const reader = aSub({ id: 'shop-reader', sources: [repartition], stores: [] })
    const from = aSub({ outputs: [repartition] })
    const changes = diffTopologies(of(from, reader), of(aSub(), reader))
    expect(changes).toMatchObject([{ kind: 'removed', verdict: 'compatible', orphans: [] }])
  })

  test('shows a renamed store as one removed and one added', () => {
    const renamed = aSub({ stores: [aStore({ store: 'sums', changelog: 'c' })] })
    expect(verdicts(aSub(), renamed)).toEqual([
      ['store sums', 'compatible'],
      ['store totals', 'orphans']
    ])
  })

  test.each([
    ['format', { format: 'long' }, 'needs-migration'],
    ['segments', { isSegmented: true }, 'needs-migration'],
    ['life to an end', { ttlMs: 5 }, 'needs-migration'],
    ['kind', { kind: 'resident' as const }, 'compatible'],
    ['places', { hasPlaces: true }, 'needs-migration']
  ])('judges a store that changes its %s', (_, over, verdict) => {
    expect(verdicts(aSub(), aSub({ stores: [aStore(over)] }))).toEqual([
      [expect.stringContaining('store totals: '), verdict]
    ])
  })

  test.each([
    [5, 6, 'compatible'],
    [5, 4, 'needs-migration'],
    [5, null, 'needs-migration']
  ])('judges a life of %s ms that becomes %s ms', (before, after, verdict) => {
    const from = aSub({ stores: [aStore({ ttlMs: before })] })
    const to = aSub({ stores: [aStore({ ttlMs: after })] })
    expect(verdicts(from, to)).toEqual([[expect.any(String), verdict]])
  })

  test('asks for a migration when partitions, the lead or a source format change', () => {
    const to = aSub({
      partitions: 6,
      lead: 'returns',
      sources: [aTopic({ partitions: 6, format: 'OrderV2' })]
    })
    expect(verdicts(aSub(), to).map(([, verdict]) => verdict)).toEqual(
      Array.from({ length: 4 }, () => 'needs-migration')
    )
  })

  test('reads as one line a change', () => {
    const text = diffText(diffTopologies(of(aSub()), of()))
    expect(text).toMatch(/^ {2}\[orphans\] shop-totals: sub-topology removed\. .*changelog\.$/)
  })
})

describe('a description as text', () => {
  test('comes back as it was', () => {
    expect(parseDescription(descriptionText(of(aSub())))).toEqual(of(aSub()))
  })

  test('is refused in another version', () => {
    expect(() => parseDescription('{"version":2,"subTopologies":[]}')).toThrow(TypeError)
    expect(() => parseDescription('null')).toThrow(TypeError)
  })
})
