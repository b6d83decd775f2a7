import { describe, expect, test } from 'vitest'
import type { PartitionLag } from './group-lag.ts'
import { lagByGroup, lagTable, lagTotals } from './lag-report.ts'
import { jsonLine } from './table.ts'

const aLag = (over: Partial<PartitionLag> = {}): PartitionLag => ({
  group: 'hs-shop',
  topic: 'orders',
  partition: 0,
  committed: 5n,
  metadata: '',
  bounds: { logStart: 0n, stable: 9n, high: 9n },
  lagRecords: 4,
  lagMs: 1500,
  ...over
})

describe('the lag of groups', () => {
  test('adds up records and takes the greatest age', () => {
    const lags = [aLag(), aLag({ partition: 1, lagRecords: 1, lagMs: 2500 })]
    expect(lagTotals(lags)).toEqual({ lagRecords: 5, lagSeconds: 2.5 })
    expect(lagTotals([])).toEqual({ lagRecords: 0, lagSeconds: 0 })
    expect(lagTotals([...lags, aLag({ lagMs: null })]).lagSeconds).toBeNull()
  })

  test('is a table with totals of each group and of all', () => {
    const lags = [aLag(), aLag({ group: 'hs-sink', committed: null, lagRecords: 9, lagMs: null })]
    expect(lagTable(lags)).toBe(
      [
        'group    topic   partition  committed  end  lag records  lag s',
        'hs-shop  orders          0          5    9            4    1.5',
        'hs-shop  all                                          4    1.5',
        'hs-sink  orders          0          -    9            9      -',
        'hs-sink  all                                          9      -',
        'all                                                  13      -'
      ].join('\n')
    )
  })

  test('is one line of JSON, offsets as text', () => {
    expect(JSON.parse(jsonLine(lagByGroup([aLag()])))).toEqual([
      {
        group: 'hs-shop',
        lagRecords: 4,
        lagSeconds: 1.5,
        partitions: [
          {
            topic: 'orders',
            partition: 0,
            committed: '5',
            end: '9',
            lagRecords: 4,
            lagSeconds: 1.5
          }
        ]
      }
    ])
  })
})
