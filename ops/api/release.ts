/**
 * @module Releases the API of this tree: `npx tsx ops/api/release.ts` writes
 * docs/openapi.released.json, from which changes are counted from now on. Refuses what the test of
 * the API would refuse.
 */
import { writeFileSync } from 'node:fs'
import { compareDocuments } from './compare-documents.ts'
import { readCase, releasedFile } from './files.ts'
import { judge, listOf } from './judge.ts'

const files = readCase()
const faults = judge(files)
if (faults.length > 0) {
  process.stderr.write(`not released:\n${faults.join('\n')}\n`)
  process.exitCode = 1
} else {
  const { released, current } = files
  writeFileSync(releasedFile, `${JSON.stringify(current, null, 2)}\n`)
  const changes = listOf(compareDocuments(released, current))
  process.stdout.write(`${changes}\nreleased ${current.info.version}\n`)
}
