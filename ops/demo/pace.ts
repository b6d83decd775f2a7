/**
 * How much the demo asks of the machine it runs on. All of it (broker, databases, services, hundreds of
 * phones) shares the machine, and a demo of an overloaded one would show queues and nothing else. Signing
 * everybody up is the measure: the same services, with a load that waits for its answers.
 *
 * @module
 */
import type { DemoSettings } from './config.ts'

/** Mean requests a second, and for how many seconds. */
export type Pace = {
  readonly rate: number
  readonly seconds: number
  /** How many times longer than on a fast machine things may take; 1 and more. */
  readonly slowness: number
}

/** The rate of a machine that signs up at least so many people a second, and the lowest rate. */
const full = { rate: 10.5, signUpsPerSecond: 70 }
const rateMin = 2.5
/** Signing up is part of what the demo shows: where it is slower than this, something is wrong. */
const slownessMax = 3
const secondsDefault = 60
/** A slower load lasts longer, so that as much happens in it. */
const requestsMin = 450

/** The pace given, or that of a machine that signed up so many people a second. */
export function chosenPace(
  { DEMO_RATE: given, DEMO_SECONDS: seconds }: Pick<DemoSettings, 'DEMO_RATE' | 'DEMO_SECONDS'>,
  signUpsPerSecond: number
): Pace {
  const share = Math.min(1, signUpsPerSecond / full.signUpsPerSecond)
  const slowness = Math.min(slownessMax, Math.round(10 / share) / 10)
  if (given !== null) return { rate: given, seconds: seconds ?? secondsDefault, slowness }
  const rate = Math.max(rateMin, Math.round(full.rate * share * 2) / 2)
  const secondsChosen = seconds ?? Math.max(secondsDefault, Math.ceil(requestsMin / rate))
  return { rate, seconds: secondsChosen, slowness }
}
