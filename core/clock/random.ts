/**
 * A small seeded generator for tests, simulations and benches: xoshiro128** by Blackman and Vigna
 * (https://prng.di.unimi.it/), its state filled by splitmix32 so that near seeds give unlike
 * streams. Period 2^128 - 1. Never for secrets.
 *
 * @module
 */

/** A seeded stream of 32-bit words and of numbers in [0, 1). */
export type SeededRandom = {
  /** Next unsigned 32-bit word. */
  word(): number
  /** Uniform in [0, 1) with 53 bits, from two words. */
  next(): number
}

/** The same integer seed gives the same stream on every machine. */
export function createSeededRandom(seed: number): SeededRandom {
  let [a, b, c, d] = expandSeed(seed)
  const word = (): number => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotateLeft(d, 11)
    return result
  }
  // 27 high bits and 26 high bits make one 53-bit integer, all a double can hold.
  const next = (): number => ((word() >>> 5) * 2 ** 26 + (word() >>> 6)) / 2 ** 53
  return { word, next }
}

function expandSeed(seed: number): [number, number, number, number] {
  let state = seed >>> 0
  const splitmix = (): number => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    return (mixed ^ (mixed >>> 16)) >>> 0
  }
  return [splitmix(), splitmix(), splitmix(), splitmix()]
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}
