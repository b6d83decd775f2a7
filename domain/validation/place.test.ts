import { describe, expect, test } from 'vitest'
import { pointProblem } from './point.ts'
import { ratingProblem } from './rating.ts'
import { stateProblem, states } from './state.ts'
import { streetProblem } from './street.ts'
import { stateOfZip, zipProblem, zipWarning } from './zip.ts'

describe('states', () => {
  test('are the fifty, the district, five territories and three for the military', () => {
    expect(new Set(states).size).toBe(59)
    expect(stateProblem('DC')).toBeNull()
    expect(stateProblem('XX')).toBe('state_unknown')
    expect(stateProblem('')).toBe('state_unknown')
  })
})

describe('ZIP codes', () => {
  test.each(['10001', '00501', '96799-0123'])('accept %o', (zip) => {
    expect(zipProblem(zip)).toBeNull()
  })

  test.each(['', '1234', '123456', '12345-', '12345-678', '12345 6789', 'ABCDE'])(
    'refuse %o',
    (zip) => expect(zipProblem(zip)).toBe('zip_malformed')
  )

  test.each([
    ['10001', 'NY'],
    ['00501', 'NY'],
    ['60601', 'IL'],
    ['90210', 'CA'],
    ['88510', 'TX'],
    ['09001', 'AE'],
    ['06390', 'NY'],
    ['96799', 'AS'],
    ['96950', 'MP']
  ])('find %s in %s', (zip, state) => expect(zipWarning(zip, state)).toBeNull())

  test('warn of another state and of an unknown prefix', () => {
    expect(zipWarning('10001', 'NJ')).toBe('warn:zip_state_mismatch')
    expect(zipWarning('00001', 'NY')).toBe('warn:zip_unknown')
  })

  test('belong to a known state wherever the prefix is known', () => {
    const found = Array.from({ length: 1_000 }, (_, prefix) =>
      stateOfZip(`${String(prefix).padStart(3, '0')}00`)
    ).filter((state) => state !== null)
    expect(found).toHaveLength(931)
    expect(found.filter((state) => !states.includes(state))).toEqual([])
  })
})

describe('streets', () => {
  test('are printable text with a letter or digit', () => {
    expect(streetProblem('1 Main St')).toBeNull()
    const wrong = ['', ' 1 Main St', '---', '1 Main\nSt', '1\u202eMain', 'x'.repeat(101)]
    expect(wrong.map(streetProblem)).toEqual(wrong.map(() => 'street_malformed'))
  })
})

describe('points and ratings', () => {
  test('hold within their ranges only', () => {
    expect(pointProblem({ lat: -90, lon: 180 })).toBeNull()
    for (const [lat, lon] of [
      [90.1, 0],
      [0, -180.1],
      [Number.NaN, 0],
      [0, Number.POSITIVE_INFINITY]
    ] as const) {
      expect(pointProblem({ lat, lon })).toBe('point_out_of_range')
    }
    expect([1, 5].map(ratingProblem)).toEqual([null, null])
    expect([0, 6, 2.5, Number.NaN].map(ratingProblem)).toEqual(Array(4).fill('rating_out_of_range'))
  })
})
