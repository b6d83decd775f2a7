/** @module `make bench-streams`. */
import { runMain } from '../run-main.ts'
import { runStreamsBench } from './bench.ts'

await runMain(runStreamsBench)
