import { expect, test } from 'vitest'
import type { ActorApi } from './actor-api.ts'
import { type Customer, CustomerPool } from './customers.ts'
import type { PushClient } from './push-client.ts'

const api = {} as ActorApi
const push = {} as PushClient
const customer = (id: string, openRides = 0): Customer => ({ id, api, push, openRides })

test('the next customer is the longest unused of those with the fewest open rides', () => {
  const [a, b, c] = [customer('a', 1), customer('b'), customer('c')]
  const pool = new CustomerPool([a, b, c])
  expect([pool.next().id, pool.next().id, pool.next().id]).toEqual(['b', 'c', 'b'])
  b.openRides = 2
  c.openRides = 2
  expect(pool.next().id).toBe('a')
})

test('the busiest customer has the most open rides', () => {
  const pool = new CustomerPool([customer('a'), customer('b', 2), customer('c', 1)])
  expect(pool.busiest().id).toBe('b')
  expect(() => new CustomerPool([])).toThrow('expected customers')
})
