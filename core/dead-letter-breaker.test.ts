import { describe, expect, test } from 'vitest'
import { DeadLetterBreaker } from './dead-letter-breaker.ts'

const oneDead = { records: 1, dead: 1 }

describe('the dead letter breaker', () => {
  test('takes up to the share of a window that is not full yet, and not one more', () => {
    const breaker = new DeadLetterBreaker({ windowRecords: 200, ratioMax: 0.5 })
    for (let i = 0; i < 100; i += 1) breaker.admit(oneDead)
    expect(() => breaker.admit(oneDead)).toThrow('expected at most 100 dead letters')
  })

  test('forgets what lies before the window, however many good records passed', () => {
    const breaker = new DeadLetterBreaker({ windowRecords: 10, ratioMax: 0.5 })
    for (let i = 0; i < 1_000_000; i += 1) breaker.pass()
    expect(() => {
      for (let i = 0; i < 11; i += 1) breaker.admit(oneDead)
    }).toThrow('expected at most')
  })

  test('takes any number of dead letters among enough good records', () => {
    const breaker = new DeadLetterBreaker({ windowRecords: 10, ratioMax: 0.5 })
    for (let i = 0; i < 1_000; i += 1) {
      breaker.pass()
      breaker.pass()
      breaker.admit(oneDead)
    }
  })
})
