/**
 * @module Prints each service's graph, stores and internal topics, then what changed since the
 * committed description (`make topology`). Exit code 1 when a change needs a migration.
 */
import { readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadMarkets, readSharedConfig, systemClock } from '../../core/index.ts'
import { describeTopologies } from '../../streams/runtime/index.ts'
import { describedTopologies } from '../../streams/services.ts'
import { readTopologyConfig } from './config.ts'
import { describeAsData, parseDescription } from './topology-description.ts'
import { diffText, diffTopologies } from './topology-diff.ts'

const repositoryDir = fileURLToPath(new URL('../../', import.meta.url))
const shared = readSharedConfig(undefined, { secrets: [] })
const file = resolve(repositoryDir, readTopologyConfig().TOPOLOGY_BASELINE)
const topologies = describedTopologies({
  markets: loadMarkets(shared.marketsFile),
  clock: systemClock
})
process.stdout.write(`${describeTopologies(topologies)}\n`)

const shown = relative(repositoryDir, file)
const changes = diffTopologies(
  parseDescription(readFileSync(file, 'utf8')),
  describeAsData(topologies)
)
const head = changes.length === 0 ? `Unchanged since ${shown}` : `Changed since ${shown}:`
process.stdout.write(changes.length === 0 ? `${head}\n` : `${head}\n${diffText(changes)}\n`)
if (changes.some(({ verdict }) => verdict === 'needs-migration')) process.exitCode = 1
