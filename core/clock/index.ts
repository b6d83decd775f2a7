/**
 * Time and chance: the port, the system clock and the one for tests.
 *
 * @module
 */

export type { Clock, TimerHandle } from './clock.ts'
export { createFakeClock, type FakeClock } from './fake-clock.ts'
export { createSeededRandom, type SeededRandom } from './random.ts'
export { systemClock } from './system-clock.ts'
