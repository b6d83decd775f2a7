/**
 * @module A dozen cases of the crash matrix; `make crash` has them all.
 */
import { beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../core/index.ts'
import { stackForTests } from '../../ops/stack/for-tests.ts'
import { reportAnomalies } from '../checker/index.ts'
import type { CaseResult } from './case-run.ts'
import { crashMatrix, smokeCases } from './matrix.ts'
import { openStage } from './stage.ts'
import { runCases } from './suite.ts'

const lanes = 3
const seed = systemClock.randomBytes(4).readUInt32BE()
let results: ReadonlyMap<string, CaseResult> = new Map()

beforeAll(async () => {
  const stack = await stackForTests()
  const { stage, close } = await openStage(stack.addresses, lanes)
  try {
    const cases = crashMatrix(seed).filter(({ name }) => smokeCases.includes(name))
    const found = await runCases(cases, { stage, lanes, onEnd: () => undefined })
    results = new Map(found.map((result) => [result.name, result]))
  } finally {
    await close()
    await stack.stop()
  }
}, 300_000)

test.each(smokeCases)('everything takes effect exactly once: %s', (name) => {
  const result = results.get(name)
  const { anomalies = [], output = '' } = result ?? {}
  const report = `${reportAnomalies(`${name}, seed ${seed}`, anomalies)}\n${output}`
  expect(anomalies, report).toEqual([])
  expect(result?.hasBitten, JSON.stringify(result?.bites)).toBe(true)
})
