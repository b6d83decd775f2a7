/** @module `make bench-ingress`. */
import { runMain } from '../run-main.ts'
import { runIngressBench } from './bench.ts'

await runMain(runIngressBench)
