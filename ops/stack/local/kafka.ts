/**
 * Kafka: one node, broker and controller in one process (KRaft).
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mustRun } from '../command.ts'
import { pathExists } from '../files.ts'
import type { StackPaths } from '../paths.ts'
import { kafkaAnswers } from '../probes.ts'
import type { LocalServer, ServerContext } from './server.ts'

const LOG4J_FILE = fileURLToPath(new URL('kafka-log4j2.properties', import.meta.url))

/** The broker. */
export const kafkaServer: LocalServer = {
  name: 'kafka',
  needs: [],
  ports: ['kafka', 'kafkaController'],
  address: (ports) => `127.0.0.1:${ports.kafka}`,
  program: 'java',
  workDir,
  command: (context) => ({
    file: context.programs.java,
    args: [
      // Half of the heap at once: growing it in steps costs full collections under the first load.
      `-Xms${Math.floor(context.config.kafkaHeapMb / 2)}m`,
      `-Xmx${context.config.kafkaHeapMb}m`,
      // The optimising compiler takes a third of a core for the first minutes of load, and a local
      // broker is young all its life.
      '-XX:TieredStopAtLevel=1',
      '-XX:+UseG1GC',
      '-XX:MaxGCPauseMillis=20',
      // An out-of-memory broker that lives on answers nothing and is never repaired.
      '-XX:+ExitOnOutOfMemoryError',
      '-Djava.awt.headless=true',
      `-Dlog4j2.configurationFile=${LOG4J_FILE}`,
      '-cp',
      join(context.programs.kafkaDir, '*'),
      'kafka.Kafka',
      propertiesFile(context)
    ],
    configFile: { path: propertiesFile(context), text: kafkaProperties(context) }
  }),
  prepare,
  answers: (ports) => kafkaAnswers({ host: '127.0.0.1', port: ports.kafka }),
  stopSignal: 'SIGTERM'
}

/** The text of `server.properties`. */
export function kafkaProperties(context: Pick<ServerContext, 'paths' | 'ports'>): string {
  const { kafka, kafkaController } = context.ports
  const settings: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${kafkaController}`,
    listeners: `PLAINTEXT://127.0.0.1:${kafka},CONTROLLER://127.0.0.1:${kafkaController}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${kafka}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': join(workDir(context.paths), 'log'),
    ...TOPIC_SETTINGS,
    ...GROUP_AND_TRANSACTION_SETTINGS,
    ...TWO_CORE_SETTINGS
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  return `${lines.join('\n')}\n`
}

const TOPIC_SETTINGS = {
  // A misspelt topic must fail, not appear with the wrong number of partitions.
  'auto.create.topics.enable': false,
  'default.replication.factor': 1,
  'min.insync.replicas': 1,
  // Retention is looked at every minute, so that a test of it need not wait for the usual five.
  'log.retention.check.interval.ms': 60_000,
  // Deleted topics leave the disk after a second instead of a minute: tests make thousands.
  'log.segment.delete.delay.ms': 1_000
} as const

const GROUP_AND_TRANSACTION_SETTINGS = {
  'offsets.topic.replication.factor': 1,
  // Each partition of an internal topic is loaded at start and costs two open files.
  'offsets.topic.num.partitions': 8,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 8,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  'share.coordinator.state.topic.num.partitions': 1,
  // Three seconds by default, added to the first join of every group.
  'group.initial.rebalance.delay.ms': 0,
  // Takeover tests use sessions of a second; 6 s is the default floor.
  'group.min.session.timeout.ms': 1_000,
  // A transaction past its timeout is aborted within a second, not within ten: until then its
  // partitions' last stable offset stands still.
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': 1_000,
  // A partition that joins a transaction while another one does waits for so long (20 by default).
  'add.partitions.to.txn.retry.backoff.ms': 2
} as const

/** Two cores are shared with everything else: the defaults are for a machine of its own. */
const TWO_CORE_SETTINGS = {
  'num.network.threads': 2,
  'num.io.threads': 4,
  'background.threads': 2,
  'num.recovery.threads.per.data.dir': 2,
  'log.cleaner.threads': 1,
  'group.coordinator.threads': 1,
  'share.coordinator.threads': 1,
  // One node has no other to lead for it.
  'auto.leader.rebalance.enable': false
} as const

function workDir(paths: StackPaths): string {
  return join(paths.dataDir, 'kafka')
}

function propertiesFile(context: Pick<ServerContext, 'paths'>): string {
  return join(context.paths.stateDir, 'kafka.properties')
}

async function prepare(context: ServerContext): Promise<void> {
  const dir = workDir(context.paths)
  const stamp = join(dir, 'formatted')
  if (await pathExists(stamp)) {
    return
  }
  // Whatever lies here is a format that was interrupted.
  await rm(dir, { recursive: true, force: true })
  await mkdir(dir, { recursive: true })
  const clusterId = newClusterId()
  const properties = propertiesFile(context)
  await mkdir(context.paths.stateDir, { recursive: true })
  await writeFile(properties, kafkaProperties(context))
  await mustRun('Formatting the data folder of Kafka', {
    file: context.programs.java,
    args: [
      ...['-Xmx128m', '-XX:TieredStopAtLevel=1', `-Dlog4j2.configurationFile=${LOG4J_FILE}`],
      ...['-cp', join(context.programs.kafkaDir, '*'), 'kafka.tools.StorageTool', 'format'],
      ...['-t', clusterId, '-c', properties]
    ]
  })
  await writeFile(stamp, `${clusterId}\n`)
}

/** 16 random bytes in URL-safe base64, as `kafka-storage random-uuid` makes them. */
function newClusterId(): string {
  const id = randomBytes(16).toString('base64url')
  // A leading dash would be read as an option.
  return id.startsWith('-') ? newClusterId() : id
}
