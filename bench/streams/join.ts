/**
 * @module Scenario: inner join of two streams by key within a distance in time, each pair written as
 * the two values one after the other.
 */
import { pairsAnswer } from '../answers.ts'
import { inputRecords } from '../input.ts'
import { joinWithin } from '../oracle.ts'
import { type RaceResult, race } from '../race.ts'
import type { Scenario } from './scenario.ts'

export const join: Scenario<RaceResult> = async ({ stage, sizes, inputs }) => {
  const [left, right] = await inputs.joined()
  const { joinWindowMs: windowMs, graceMs, partitions, pairs, valueBytes } = sizes
  return race({
    stage,
    name: 'join',
    program: {
      program: 'join',
      input: [left.topic, right.topic],
      partitions,
      windowMs,
      graceMs
    },
    records: left.records + right.records,
    pairs,
    expected: joinWithin(inputRecords(left), inputRecords(right), windowMs),
    answers: {
      hailstream: () => pairsAnswer(valueBytes),
      kafkaStreams: () => pairsAnswer(valueBytes)
    }
  })
}
