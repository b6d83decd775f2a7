import { describe, expect, test } from 'vitest'
import { generateTypes, hasDrifted } from './generate.ts'

describe('generated types', () => {
  test('equal what is committed', () => {
    expect(hasDrifted()).toBe(false)
  })

  test('are the same every time', () => {
    expect(generateTypes()).toBe(generateTypes())
  })

  test('map schemas to readonly fields, unions and maps', () => {
    const text = generateTypes()
    expect(text).toContain("export type Role =\n  | 'CUSTOMER'\n  | 'DRIVER'\n  | 'ADMIN'\n")
    expect(text).toContain('readonly params: Readonly<Record<string, string>>')
    expect(text).toContain('readonly changes: readonly AvailableDriver[]')
    expect(text).toContain('Epoch milliseconds. */\n  readonly placeAt: number | null')
    expect(text).toContain('readonly ride_events: RideEvent')
  })
})
