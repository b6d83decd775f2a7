/**
 * @module Writes the generated pages of docs/ (`make docs`).
 */
import { writeFileSync } from 'node:fs'
import { docPages } from './doc-pages.ts'

for (const { file, text } of await docPages()) {
  writeFileSync(file, text)
  process.stdout.write(`${file.pathname}\n`)
}
