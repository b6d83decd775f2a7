import { describe, expect, test } from 'vitest'
import { defineSubTopology, longFormat } from '../../../streams/runtime/index.ts'
import { findOrphans, orphanFindings } from './orphans.ts'

const topology = defineSubTopology({
  app: 'shop',
  name: 'totals',
  topics: [
    { name: 'shop-by_user-repartition', partitions: 2, format: longFormat, isInternal: true }
  ],
  sources: ['shop-by_user-repartition'],
  stores: { sums: { format: longFormat, kind: 'remote' } },
  outputs: [],
  commitIntervalMs: 100,
  on: { 'shop-by_user-repartition': () => undefined }
})

const known = {
  topologies: [topology],
  groups: [{ group: 'hs-shop-totals', topics: [], kind: 'task' as const }]
}

describe('orphans', () => {
  test('are internal topics that no sub-topology names, not those of others', () => {
    const topics = [
      'shop-totals-sums-changelog',
      'shop-by_user-repartition',
      'shop-totals-counts-changelog',
      'shop-by_city-repartition',
      'shop-totals-KSTREAM-AGGREGATE-STATE-STORE-0000000002-changelog',
      'changelog',
      'billing_tasks'
    ]
    expect(findOrphans({ topics, groups: [], keys: [] }, known).topics).toEqual([
      'shop-by_city-repartition',
      'shop-totals-counts-changelog'
    ])
  })

  test('are groups of ours that nothing of this version uses', () => {
    const groups = ['hs-shop-totals', 'hs-shop-old', 'somebody']
    expect(findOrphans({ topics: [], groups, keys: [] }, known).groups).toEqual(['hs-shop-old'])
  })

  test('are keys of stores, segments and places that no task has', () => {
    const keys = [
      'hs:{shop-totals-0}:sums',
      'hs:{shop-totals-1}:sums@60000',
      'hs:{shop-totals-1}:sums:geo',
      'hs:{shop-totals-2}:sums',
      'hs:{shop-totals-0}:counts@60000',
      'hs:{shop-old-0}:sums',
      'hs:limits',
      'other'
    ]
    expect(findOrphans({ topics: [], groups: [], keys }, known).keys).toEqual([
      'hs:{shop-old-0}:sums',
      'hs:{shop-totals-0}:counts@60000',
      'hs:{shop-totals-2}:sums'
    ])
  })

  test('are told of in one note a kind, with the first few names', () => {
    const topics = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    expect(orphanFindings({ topics, groups: [], keys: [] })).toMatchObject([
      {
        severity: 'note',
        kind: 'orphan-topics',
        message: expect.stringMatching(/^a, b, c, d, e and 2 more: /)
      }
    ])
  })
})
