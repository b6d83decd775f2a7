/**
 * @module Scenario: POST /api/v1/rides beside four peers, interleaved: in each round every server gets the
 * same load in turn, all of them running.
 */
import type { IngressChild } from '../../test/support/ingress-child.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import { type Comparison, compare } from '../comparison.ts'
import { benchTopic } from '../input.ts'
import type { Stage } from '../stage.ts'
import type { Scenario, ScenarioOptions } from './scenario.ts'
import {
  type BenchServer,
  type PeerName,
  peerNames,
  startOwnIngress,
  startPeer
} from './servers.ts'
import { runWrk, type WrkRun } from './wrk.ts'

export interface RideRun extends WrkRun {
  readonly server: 'hailstream' | PeerName
  readonly round: number
  readonly connections: number
  /** Records that came to the topic during the run; ours only. */
  readonly records: number | null
}

export interface RidesResult {
  /** By connections, then by peer: ours / theirs, requests a second. */
  readonly comparisons: Readonly<Record<string, Readonly<Record<PeerName, Comparison>>>>
  /** True when Kafka has a record of every 202, ours broke no connection, and nobody refused anything. */
  readonly isRight: boolean
  readonly runs: readonly RideRun[]
}

const path = '/api/v1/rides'
const topic = 'ride_requests'

export const rides: Scenario<RidesResult> = async (options) => {
  const { stage, sizes } = options
  const peerTopic = `${stage.prefix}_peer_rides`
  await stage.admin.ensureTopics([benchTopic(peerTopic, 6)])
  const own = await startOwnIngress(stage)
  const peers = new Map<PeerName, BenchServer>()
  try {
    for (const name of peerNames) peers.set(name, await startPeer(stage, name, peerTopic))
    await warmUp(options, [own, ...peers.values()])
    const runs: RideRun[] = []
    for (let round = 1; round <= sizes.rounds; round += 1) {
      for (const connections of sizes.connections) {
        runs.push(await runOwn(options, own, { round, connections }))
        for (const [server, { port, pid }] of peers) {
          const run = await load(options, { port, pid, connections })
          runs.push({ server, round, connections, records: null, ...run })
          tell(stage, runs)
        }
      }
    }
    return { ...summarise(options, runs), runs }
  } finally {
    await own.stop()
    for (const peer of peers.values()) await peer.end()
  }
}

/** The compilers need some seconds of the very load, and our tokens are verified once. */
async function warmUp(
  options: ScenarioOptions,
  servers: readonly { readonly port: number; readonly pid: number }[]
): Promise<void> {
  const { stage, sizes } = options
  stage.tell(`warming ${servers.length} servers up, ${sizes.warmupSeconds} s each`)
  const connections = sizes.connections.at(-1) ?? 1
  for (const { port, pid } of servers) {
    await load(options, { port, pid, connections, seconds: sizes.warmupSeconds })
  }
}

async function runOwn(
  options: ScenarioOptions,
  own: IngressChild,
  { round, connections }: { round: number; connections: number }
): Promise<RideRun> {
  const { stage } = options
  const before = await recordsOf(stage, own)
  const run = await load(options, { port: own.port, pid: own.pid, connections })
  const records = (await recordsOf(stage, own)) - before
  const result: RideRun = { server: 'hailstream', round, connections, records, ...run }
  tell(stage, [result])
  return result
}

function load(
  { sizes, files }: ScenarioOptions,
  run: { port: number; pid: number; connections: number; seconds?: number }
): Promise<WrkRun> {
  return runWrk({
    seconds: sizes.runSeconds,
    path,
    tokens: files.customerTokens,
    bodies: files.rides,
    ...run
  })
}

/** Once whatever was in flight when a load ended has come to the topic. */
async function recordsOf(stage: Stage, own: IngressChild): Promise<number> {
  await waitFor('an ingress with nothing in flight', async () => {
    return (await own.metric('hail_ingress_inflight_bytes')) === 0
  })
  let sum = 0n
  for (const { high } of (await stage.admin.endOffsets(topic)).values()) sum += high
  return Number(sum)
}

function summarise(
  { sizes }: ScenarioOptions,
  runs: readonly RideRun[]
): Omit<RidesResult, 'runs'> {
  const of = (server: RideRun['server'], connections: number): number[] =>
    runs
      .filter((run) => run.server === server && run.connections === connections)
      .map(({ requestsPerSecond }) => requestsPerSecond)
  const comparisons = Object.fromEntries(
    sizes.connections.map((connections) => [
      String(connections),
      Object.fromEntries(
        peerNames.map((name) => [
          name,
          compare(of('hailstream', connections), of(name, connections))
        ])
      ) as Record<PeerName, Comparison>
    ])
  )
  return { comparisons, isRight: runs.every(isRightRun) }
}

/**
 * Requests that were in flight when the load ended have a record and are counted by nobody. A peer that
 * lets connections wait for longer than 2 s is slow, which is its figure, and not wrong.
 */
function isRightRun(run: RideRun): boolean {
  const { records, requests, connections, refused, broken, timedOut } = run
  if (requests === 0 || refused > 0 || broken > 0) return false
  if (records === null) return true
  return timedOut === 0 && records >= requests && records <= requests + connections
}

function tell(stage: Stage, runs: readonly RideRun[]): void {
  const run = runs.at(-1)
  if (run === undefined) return
  stage.tell(
    `rides ${run.round} ${run.server} ${run.connections} connections: ${run.requestsPerSecond} requests/s, ` +
      `p50 ${run.p50}, p99 ${run.p99} ms, ${run.serverCores} cores` +
      (run.timedOut > 0 ? `, ${run.timedOut} timed out` : '') +
      (isRightRun(run) ? '' : `, wrong: ${JSON.stringify(run)}`)
  )
}
