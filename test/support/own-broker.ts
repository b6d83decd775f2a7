/**
 * @module A Kafka broker of one test's own, to be stopped, killed and frozen while the others go on with
 * theirs. It runs from the programs of a local stack, in a folder and on ports of its own.
 */
import { rm, writeFile } from 'node:fs/promises'
import { readTestConfig, type StackConfig } from '../../ops/stack/config.ts'
import { kafkaServer } from '../../ops/stack/local/kafka.ts'
import { fingerprintOf, type ServerContext } from '../../ops/stack/local/server.ts'
import { findServerPrograms } from '../../ops/stack/local/servers.ts'
import { logFileOf, stackPaths } from '../../ops/stack/paths.ts'
import { choosePorts, isPortFree } from '../../ops/stack/ports.ts'
import type { ProcessRecord } from '../../ops/stack/process-record.ts'
import { endProcess, launch, sendSignal } from '../../ops/stack/processes.ts'
import { endStrays } from '../../ops/stack/strays.ts'
import { waitFor } from './wait-for.ts'

export interface OwnBroker {
  /** `host:port`; the same after each start. */
  readonly address: string
  start(): Promise<void>
  /** Ends it by this signal and waits until it is gone. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  freeze(): void
  thaw(): void
  /** Ends it and removes its data. */
  close(): Promise<void>
}

/** Away from the ports of stacks: another test's broker may be looked for by nobody. */
const firstPort = 29_092
/**
 * A killed broker is let back in once its session is over: nine seconds by default.
 */
const settings = ['broker.session.timeout.ms=2000', 'broker.heartbeat.interval.ms=500']
const startMs = 60_000
const endMs = 30_000

/** Makes and starts a broker with no topics. */
export async function startOwnBroker(): Promise<OwnBroker> {
  const config: StackConfig = { ...readTestConfig(), name: 'own-broker', kafkaHeapMb: 256 }
  const context = await contextOf(config)
  const { paths, ports } = context
  await endStrays(kafkaServer.workDir(paths), kafkaServer.program)
  await removeAll(context)
  await kafkaServer.prepare(context)
  let process = await run(context)
  return {
    address: kafkaServer.address(ports),
    start: async () => {
      process = await run(context)
    },
    end: async (signal) => void (await endProcess(process, signal, endMs)),
    freeze: () => sendSignal(process.pid, 'SIGSTOP'),
    thaw: () => sendSignal(process.pid, 'SIGCONT'),
    close: async () => {
      sendSignal(process.pid, 'SIGCONT')
      await endProcess(process, 'SIGKILL', endMs)
      await removeAll(context)
    }
  }
}

async function contextOf(config: StackConfig): Promise<ServerContext> {
  const paths = stackPaths(config)
  const ports = await choosePorts({
    preferred: { ...config.ports, kafka: firstPort, kafkaController: firstPort + 1 },
    held: new Set(),
    reserved: new Set(),
    isFree: isPortFree
  })
  return { config, paths, ports, programs: await findServerPrograms(config, paths) }
}

async function run(context: ServerContext): Promise<ProcessRecord> {
  const command = kafkaServer.command(context)
  if (command.configFile !== undefined) {
    const { path, text } = command.configFile
    await writeFile(path, `${text}${settings.join('\n')}\n`)
  }
  const record = await launch(
    {
      ...command,
      // Starts in two thirds of the time; no test of this broker needs its top speed.
      args: ['-XX:TieredStopAtLevel=1', ...command.args],
      cwd: kafkaServer.workDir(context.paths),
      logFile: logFileOf(context.paths, kafkaServer.name)
    },
    fingerprintOf(command)
  )
  await waitFor('the own broker', () => kafkaServer.answers(context.ports), { timeoutMs: startMs })
  return record
}

async function removeAll({ paths }: ServerContext): Promise<void> {
  for (const dir of [paths.dataDir, paths.stateDir, paths.logDir]) {
    await rm(dir, { recursive: true, force: true })
  }
}
