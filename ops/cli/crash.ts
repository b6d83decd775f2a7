/**
 * @module `make crash`: the whole crash matrix on real servers, then the two broken variants, which
 * must be found out. The last line is JSON: `{ cases, faultsThatBit, anomalies, seconds, seed }`; all
 * results go to `out/crash.json`. The exit code is 0 when nothing was wrong and every fault struck.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../core/index.ts'
import { namesOf, reportAnomalies } from '../../test/checker/index.ts'
import type { CaseResult } from '../../test/crash/case-run.ts'
import { readCrashConfig } from '../../test/crash/config.ts'
import { crashMatrix } from '../../test/crash/matrix.ts'
import { openStage } from '../../test/crash/stage.ts'
import { runCases } from '../../test/crash/suite.ts'
import { runTeeth } from '../../test/crash/teeth.ts'
import { stackForTests } from '../stack/for-tests.ts'

const outDir = fileURLToPath(new URL('../../out/', import.meta.url))

const { CRASH_CASES, CRASH_SEED, CRASH_LANES: lanes } = readCrashConfig()
const seed = CRASH_SEED ?? systemClock.randomBytes(4).readUInt32BE()
const wanted = new RegExp(CRASH_CASES ?? '')
const cases = crashMatrix(seed).filter(({ name }) => wanted.test(name))
const startedMs = systemClock.monotonic()
const stack = await stackForTests()
const { stage, close } = await openStage(stack.addresses, lanes)
let isGood = false
try {
  tell(`${cases.length} cases, ${lanes} at a time, seed ${seed}`)
  const onEnd = (result: CaseResult, done: number): void => tell(lineOf(result, done))
  const results = await runCases(cases, { stage, lanes, onEnd })
  const bad = results.filter(({ anomalies, hasBitten }) => anomalies.length > 0 || !hasBitten)
  for (const result of bad) tell(detailsOf(result))
  const teeth = CRASH_CASES === null ? await runTeeth({ stage, lanes, seed }) : []
  for (const { variant, found, isFound } of teeth) {
    tell(`${variant}: ${isFound ? 'found out' : 'NOT FOUND OUT'}: ${found.join(', ') || 'nothing'}`)
  }
  const summary = {
    cases: results.length,
    faultsThatBit: results.filter(({ hasBitten }) => hasBitten).length,
    anomalies: results.reduce((sum, { anomalies }) => sum + anomalies.length, 0),
    seconds: Math.round((systemClock.monotonic() - startedMs) / 1_000),
    seed
  }
  mkdirSync(outDir, { recursive: true })
  writeFileSync(
    join(outDir, 'crash.json'),
    `${JSON.stringify({ ...summary, teeth, results }, null, 2)}\n`
  )
  isGood = bad.length === 0 && results.length > 0 && teeth.every(({ isFound }) => isFound)
  process.stdout.write(`${JSON.stringify(summary)}\n`)
} finally {
  await close()
  await stack.stop()
}
process.exit(isGood ? 0 : 1)

function tell(line: string): void {
  process.stdout.write(`${line}\n`)
}

function lineOf({ name, anomalies, hasBitten, ms, restMs, dropped }: CaseResult, done: number) {
  const verdict = anomalies.length > 0 ? namesOf(anomalies).join(' ') : hasBitten ? 'ok' : 'no bite'
  const rest = restMs === null ? '-' : `${Math.round(restMs)} ms`
  return `${String(done).padStart(3)}/${cases.length} ${name.padEnd(40)} ${verdict.padEnd(10)} ${(ms / 1_000).toFixed(1)} s, rest ${rest}, dropped ${dropped.length}`
}

function detailsOf({ name, seed: own, anomalies, bites, output }: CaseResult): string {
  const struck = (bites ?? []).map((bite) => `${bite.name} x ${bite.hits}`).join('; ')
  return `${reportAnomalies(`${name} (seed ${own})`, anomalies)}\n  struck: ${struck}\n${output}`
}
