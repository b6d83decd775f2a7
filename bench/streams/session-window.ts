/**
 * @module Scenario: count by key in session windows, results on update.
 */
import { countsAnswer, javaSessionWindow } from '../answers.ts'
import { inputRecords } from '../input.ts'
import { countBySession } from '../oracle.ts'
import { type RaceResult, race } from '../race.ts'
import { ownSessionWindow } from './own-answers.ts'
import type { Scenario } from './scenario.ts'

export const sessionWindow: Scenario<RaceResult> = async ({ stage, sizes, inputs }) => {
  const input = await inputs.counted()
  const { sessionGapMs: gapMs, graceMs, partitions, pairs } = sizes
  const { baseMs, records } = input
  return race({
    stage,
    name: 'session',
    program: {
      program: 'session-window',
      input: [input.topic],
      partitions,
      windowMs: gapMs,
      graceMs
    },
    records,
    pairs,
    expected: countBySession(inputRecords(input), { gapMs, baseMs }),
    answers: {
      hailstream: () => countsAnswer(ownSessionWindow, baseMs),
      kafkaStreams: () => countsAnswer(javaSessionWindow, baseMs)
    }
  })
}
