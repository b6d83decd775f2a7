import { describe, expect, test } from 'vitest'
import { calendarDay, isCalendarDay } from './calendar-day.ts'
import { licenceProblems } from './licence.ts'
import { normalizePlate, vehicleProblems } from './vehicle.ts'

const car = { make: 'Toyota', model: 'Prius', year: 2020, color: 'black', plate: 'ABC1234' }
const licence = { number: 'D123-4567', state: 'NY', expiresOn: '2027-01-31' }

describe('a vehicle', () => {
  test.each([
    [{}, []],
    [{ year: 2026 }, []],
    [{ year: 2027 }, ['vehicle_year_out_of_range']],
    [{ year: 1989 }, ['vehicle_year_out_of_range']],
    [{ year: 2020.5 }, ['vehicle_year_out_of_range']],
    [{ plate: 'T 12-345C' }, []],
    [{ plate: 'A' }, ['vehicle_plate_malformed']],
    [{ plate: 'ABC123456' }, ['vehicle_plate_malformed']],
    [{ plate: 'abc1234' }, ['vehicle_plate_malformed']],
    [{ make: '', model: 'x'.repeat(41) }, ['vehicle_make_malformed', 'vehicle_model_malformed']],
    [{ color: '<red>' }, ['vehicle_color_malformed']]
  ])('with %o has the problems %o', (change, problems) => {
    expect(vehicleProblems({ ...car, ...change }, { yearMax: 2026 })).toEqual(problems)
  })

  test('keeps its plate in upper case', () => {
    expect(normalizePlate(' abc 123 ')).toBe('ABC 123')
  })
})

describe('a licence', () => {
  test.each([
    [{}, []],
    [{ number: 'SMITHJ*123QZ' }, []],
    [{ number: 'ABCDEF' }, ['licence_number_malformed']],
    [{ number: '12' }, ['licence_number_malformed']],
    [{ state: 'ZZ' }, ['licence_state_unknown']],
    [{ expiresOn: '2025-06-01' }, ['licence_expired']],
    [{ expiresOn: '2025-06-02' }, []],
    [{ expiresOn: '2027-02-29' }, ['licence_expiry_malformed']],
    [{ expiresOn: 'soon' }, ['licence_expiry_malformed']]
  ])('with %o has the problems %o', (change, problems) => {
    expect(licenceProblems({ ...licence, ...change }, { today: '2025-06-01' })).toEqual(problems)
  })
})

describe('a calendar day', () => {
  test('exists in the calendar', () => {
    expect(['2024-02-29', '2025-12-31'].map(isCalendarDay)).toEqual([true, true])
    const wrong = ['2025-02-29', '2025-13-01', '2025-1-1', '2025-01-01T00:00:00Z', '']
    expect(wrong.filter(isCalendarDay)).toEqual([])
    expect(calendarDay(Date.UTC(2025, 5, 1, 23, 59))).toBe('2025-06-01')
  })
})
