/**
 * @module Scenario: count by key in tumbling windows, results on update.
 */
import { countsAnswer, javaTimeWindow } from '../answers.ts'
import { inputRecords } from '../input.ts'
import { countByWindow } from '../oracle.ts'
import { type RaceResult, race } from '../race.ts'
import { ownTimeWindow } from './own-answers.ts'
import type { Scenario } from './scenario.ts'

export const windowedCount: Scenario<RaceResult> = async ({ stage, sizes, inputs }) => {
  const input = await inputs.counted()
  const { windowMs, graceMs, partitions, pairs } = sizes
  const { baseMs, records } = input
  return race({
    stage,
    name: 'count',
    program: { program: 'windowed-count', input: [input.topic], partitions, windowMs, graceMs },
    records,
    pairs,
    expected: countByWindow(inputRecords(input), { sizeMs: windowMs, baseMs }),
    answers: {
      hailstream: () => countsAnswer(ownTimeWindow(windowMs), baseMs),
      kafkaStreams: () => countsAnswer(javaTimeWindow(windowMs), baseMs)
    }
  })
}
